"""The five adapter protocols. An adapter is one file: a class with a card, and a `build` function that makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from data_splits.question import QuestionSplit
from data_splits.split import Split
from model_adapters.card import ModelCard

Image = NDArray[np.uint8]
"""uint8[height, width] (grey) or uint8[height, width, 3] (RGB)."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One image to draw.

    Attributes:
        case_id: the case whose prompt this is. Controls that copy, and `images`, look things up by it.
        prompt: the text.
        seed: already derived from (run seed, case id, draw): the only randomness an adapter may use for this image.
        draw: 0 for the first image of a case, 1, 2, ... for further ones.
    """

    case_id: str
    prompt: str
    seed: int
    draw: int = 0


@dataclass(frozen=True)
class BuildContext:
    """What an adapter may use to build itself.

    Attributes:
        target: what stands after the name on the command line (`NAME:TARGET`): a path or hub id, or None.
        split: the loaded split (controls draw from its "train" subset), or None where none is needed.
        questions: the questions that a vision-language model will be asked (baselines look at them), or None.
        subset: the subset under evaluation, never to be copied from except by a control that says so.
        device: torch device string.
        dtype: torch dtype name, or None for the adapter's own choice.
        weights: a local folder or file to load instead of the published source.
        protocol: "v1" (published settings) or "v2".
        options: further adapter options from the command line.
    """

    target: str | None = None
    split: Split | None = None
    questions: QuestionSplit | None = None
    subset: str = "test"
    device: str = "cpu"
    dtype: str | None = None
    weights: Path | None = None
    protocol: str = "v2"
    options: Mapping[str, Any] = field(default_factory=dict)


class GenerationRefused(Exception):
    """A generator declines a request (a safety filter, say): recorded as an outcome, not as an error."""


@runtime_checkable
class ImageGenerator(Protocol):
    """Draws radiographs from prompts.

    `generate` must be a function of each request alone: the same request gives the same image in any batch, order,
    process or resumed run.

    Optional, where an adapter has it:
        needs_prompt: bool. False if it can draw a case without text; the engine's `requests_for` asks.
        compute_batch: int. The engine then always passes exactly that many requests, padding the last batch.
        prepare(requests): called once by the engine with all requests; may raise UserError before anything is drawn.
        covers(request) -> bool: False for a request that should not be asked (an image that nobody provided).
        annotate(request) -> dict of plain values. Facts about a request for its row, such as {"truncated": True}.
        noise_norm(requests) -> float64[n]. White box of a diffusion model: for each request, the mean over its
            sampling steps of the L2 norm of (noise predicted with the prompt - noise predicted without), Wen et al.
            2024. A function of each request alone, as `generate` is.
    A module may also have `training_cases(context) -> frozenset[str] | None`: ids of the cases of the context's split
    that the model was trained on, where it was not all of "train".
    """

    @property
    def card(self) -> ModelCard: ...

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        """One image per request, in order."""
        ...


class ClassHead(NamedTuple):
    """A linear classifier on an encoder's features: logits = features @ weight.T + bias.

    weight: float32[classes, d]; bias: float32[classes].
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


@runtime_checkable
class TextEncoder(Protocol):
    """Turns a prompt into a feature vector.

    Attributes:
        name: registry name. dim: length d. fingerprint: the feature's cache key, as for an `Encoder`.
    """

    name: str
    dim: int
    fingerprint: str

    @property
    def card(self) -> ModelCard: ...

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[n, d], each row a function of its text alone."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """Turns a displayed radiograph into a feature vector.

    Optional, where an adapter has it:
        text_encoder() -> TextEncoder. The text half of a joint image-text model: same space, same d.
        pair_head() -> (weight float32[d], bias float). Of a Siamese network: the probability that two images show one
            patient is sigmoid(|a - b| @ weight + bias).

    Attributes:
        name: registry name; metrics are called `fid_<name>` after it.
        dim: length d of a feature.
        fingerprint: sha256 over weights hash, preprocessing id, dtype and compute batch; the feature's cache key.
        compute_batch: the fixed number of images of every forward pass (the engine pads the last batch).
    """

    name: str
    dim: int
    fingerprint: str
    compute_batch: int

    @property
    def card(self) -> ModelCard: ...

    def preprocess(self, image: Image) -> NDArray[np.float32]:
        """uint8[H, W] or uint8[H, W, 3] -> float32[3, h, w] as the network wants it."""
        ...

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[compute_batch, 3, h, w] -> float32[compute_batch, d]."""
        ...

    def class_head(self) -> ClassHead | None:
        """The linear class head on these features (Inception score needs one), or None."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """One question put to a vision-language model.

    Attributes:
        case_id, task: the case. parts: text and images in the order in which the model reads them.
        letters: option letters whose next-token logits are asked for, or () for text.
        max_new_tokens: cap of the answer.
    """

    case_id: str
    task: str
    parts: tuple[str | Image, ...]
    letters: tuple[str, ...] = ()
    max_new_tokens: int = 256


@dataclass(frozen=True, slots=True)
class Response:
    """What a model answered, unscored: any scorer applies to it later.

    Attributes:
        text: the generated answer; "" where letters were asked for.
        letter_logits: option letter -> logit of it as the next token.
        truncated: the answer hit `max_new_tokens`.
        tokens_in, tokens_out: counts, where the model tells.
    """

    text: str
    letter_logits: Mapping[str, float] = field(default_factory=dict)
    truncated: bool = False
    tokens_in: int | None = None
    tokens_out: int | None = None


class AnswerRefused(Exception):
    """A model declines a request (it does not fit the context, a service filtered it): an outcome, not an error.

    A batch that holds such a request raises it before anything is computed; asked one by one, the others are answered.
    """


@runtime_checkable
class VisionLanguageModel(Protocol):
    """Answers questions about several images. A response follows from its request alone, in any batch.

    `answer` raises AnswerRefused for a request that it will not answer; any other exception is an error, and an error
    is never an answer.

    Optional, where an adapter has it:
        concurrency: int. So many requests may be handed over at once: the adapter schedules them itself.
        answer_each(requests) -> Iterator[tuple[int, Response | Exception]]. Every index exactly once, in the order in
            which responses arrive; an exception belongs to its request alone. The engine stores each pair at once, so
            that a kill loses only what was under way.
        prompt_tokens(request) -> int. Tokens of text and images. (The engine sorts by images and length of text, which
            it knows without reading an image.)
        letter_logits: bool. False if it can never tell the logits of option letters; it is then asked for text.
        refusal(request) -> str | None. Why this request will be refused, told without running anything.
        check_questions(questions). Raises UserError where the adapter must not be asked this split (a hosted service
            and a credentialed split).
        stats() -> dict of plain values. What the run has used so far (tokens, price, retries); not part of a record.
    """

    @property
    def card(self) -> ModelCard: ...

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        """One response per request, in order."""
        ...


@runtime_checkable
class Predictor(Protocol):
    """A classifier that utility metrics train on one set of images and score on another.

    Optional, where an adapter has it:
        save(folder). Writes a trained predictor with `model_adapters.predictors.folder.write_predictor`; `build` with
            that folder as the context's target gives it back, trained.

    Attributes:
        labels: the label of each output column.
        fingerprint: sha256 over everything besides images, targets and seed that a trained predictor depends on.
    """

    labels: tuple[str, ...]
    fingerprint: str

    @property
    def card(self) -> ModelCard: ...

    def fit(
        self,
        images: Sequence[Image],
        targets: NDArray[np.float32],
        patients: NDArray[np.str_],
        seed: int,
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Train on n images, from the start, whatever was fitted before.

        Args:
            targets: float32[n, labels], 1 or 0, NaN where unknown (such a cell teaches nothing).
            patients: str[n]; a validation part is split off by patient, never by image.
            seed: the only source of randomness.
            weights: float32[n], how much each image counts; equal where None.
        """
        ...

    def predict(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Probabilities, float32[n, labels]."""
        ...


@dataclass(frozen=True)
class Artifact:
    """What a training method leaves behind.

    Attributes:
        folder: holds the files, safetensors and JSON only. kind: what they are.
        card: of the result, an ordinary model where the kind is one.
        record: the method's own facts, plain JSON values. "budget" maps each input that is a budget to what was used.
    """

    folder: Path
    kind: Literal["checkpoint", "adapter", "split", "certificate"]
    card: ModelCard
    record: Mapping[str, Any]


Saved = Callable[[int, int], None]
"""Called with (steps that are safe on disk, steps in all), after each of them: a kill loses nothing of those."""


@dataclass(frozen=True, slots=True)
class MethodInput:
    """One thing that a training method asks for by name.

    Attributes:
        help: what it is, in a sentence.
        default: what holds where it is not given; a default also fixes the type of what a command line gives.
        required: it must be given; there is no default then.
        budget: a number that bounds what the method may use; the runner refuses an artifact that used more.
    """

    help: str
    default: str | int | float | bool | None = None
    required: bool = False
    budget: bool = False


@runtime_checkable
class TrainingMethod(Protocol):
    """Turns models and data into an artifact that the benchmarks score; run by `model_adapters.methods.run`.

    Attributes:
        inputs: what it asks for, by name. An input that is no plain JSON value (a loaded split, an objective that a
            benchmark's command hands in) is told apart by nothing, so a resumed call must be given the same one.
    """

    inputs: Mapping[str, MethodInput]

    @property
    def card(self) -> ModelCard: ...

    def fit(self, inputs: Mapping[str, Any], output: Path, seed: int, saved: Saved) -> Artifact:
        """Train, or go on where an earlier call in `output` was killed: the artifact is the same either way.

        Args:
            inputs: every name of `self.inputs`, defaults filled in.
            output: belongs to this method, these inputs and this seed alone; the runner sees to it.
            seed: the only source of randomness.
            saved: to be called after every step whose result is safe on disk, in a resumed call only for new ones.
        """
        ...

    def made_up_inputs(self, folder: Path) -> dict[str, Any]:
        """Small inputs, written to `folder` where they are files, on which a fit takes seconds and at least 4 steps.

        Always the same for the same folder. `model-adapters check` fits on them.
        """
        ...
