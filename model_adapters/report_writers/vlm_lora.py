"""`vlm-lora:CHECKPOINT`: a chat model that learns reports through low-rank adapters (Hu et al. 2021), by peft.

The recipe follows LLaVA-Rad's published one where that is known: AdamW, rate 1e-4 with cosine decay after 3 % warm-up,
16 pairs a step, the same instruction. Adapters sit in every linear layer but those of the vision tower and the output
layer; all else is frozen. Reports are written greedily.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import AnswerRequest, BuildContext, Image
from model_adapters.requirements import Missing

NAME = "vlm-lora"
CODE_VERSION = "1"

INSTRUCTION = "Describe the findings of the chest x-ray."

CARD = ModelCard(
    name=NAME,
    kind="predictor",
    source="a chat checkpoint of your own or of the hub, with adapters trained here",
    licence="that of the checkpoint",
    settings={"instruction": INSTRUCTION, "decoding": "greedy"},
    needs=("peft (extra `lora`)", "a chat checkpoint: vlm-lora:NAME, vlm-lora:NAME:FOLDER", "a GPU for 7B models"),
    notes=("Trains adapters only; published LLaVA-Rad also trained its projector whole.",),
)

OPTIONS: dict[str, OptionValue] = {
    "epochs": 3,
    "rate": 1e-4,
    "batch": 16,
    "rank": 32,
    "alpha": 64,
    "warmup": 0.03,
    "max_tokens": 160,
    "checkpoints": "",
    "save_every": 50,
    "allow_cpu": False,
}
"""epochs, rate, batch (pairs a step), rank and alpha (of the adapters), warmup (share of the steps); max_tokens of a
report, in training and writing; checkpoints: folder in which an interrupted training goes on, saved every `save_every`
steps; allow_cpu: for bases of more than 1.5e9 parameters."""


@dataclass(frozen=True)
class Recipe:
    """How adapters are trained; see OPTIONS."""

    epochs: int
    rate: float
    batch: int
    warmup: float
    save_every: int


def build(context: BuildContext) -> VlmLora:
    """The base model with fresh adapters.

    Raises:
        UserError: no checkpoint was named, something is missing, or the base is no chat model of `transformers`.
    """
    from model_adapters.vlms import VLMS
    from model_adapters.vlms.chat.model import ChatModel

    options = read_options(context.options, OPTIONS, NAME)
    lacking = requirements(context)
    if lacking:
        raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in lacking))
    name, base = _base(context)
    model = VLMS.build(name, base)
    if not isinstance(model, ChatModel):
        raise UserError(f"{NAME} trains chat checkpoints of transformers; {name} is none.")
    return VlmLora(model, name, options, context.device)


def requirements(context: BuildContext) -> list[Missing]:
    """peft, and whatever the base model lacks."""
    import importlib.util

    from model_adapters.vlms import VLMS

    lacking = []
    if importlib.util.find_spec("peft") is None:
        lacking.append(Missing("peft", 'pip install "chexgenbench-suite[lora]"'))
    if context.target is None and context.weights is None:
        return [*lacking, Missing("a base model", f"name one: {NAME}:llava, {NAME}:llava:/path/to/folder")]
    name, base = _base(context)
    return [*lacking, *VLMS.requirements(name, base)]


def _base(context: BuildContext) -> tuple[str, BuildContext]:
    from model_adapters.vlms import VLMS, parse_vlm

    options = read_options(context.options, OPTIONS, NAME)
    name, target = parse_vlm(context.target or str(context.weights))
    own = {"allow_cpu": options["allow_cpu"]} if "allow_cpu" in VLMS.options(name) else {}
    weights = context.weights if context.target else None
    return name, BuildContext(target=target, device=context.device, dtype=context.dtype, weights=weights, options=own)


class VlmLora:
    """A `ReportWriter`.

    Args:
        model: the base, loaded. base: its registry name. options: checked. device: torch device.
    """

    def __init__(self, model: Any, base: str, options: dict[str, Any], device: str) -> None:
        from model_adapters.report_writers.lora_layers import add_adapters

        self._model, self._device = model, device
        self._tokens = int(options["max_tokens"])
        self._recipe = Recipe(
            options["epochs"], options["rate"], options["batch"], options["warmup"], options["save_every"]
        )
        self._folder = Path(options["checkpoints"]).expanduser() if options["checkpoints"] else None
        self._adapters = add_adapters(model.network, options["rank"], options["alpha"])
        self._fitted = False
        own = {key: value for key, value in options.items() if key not in ("checkpoints", "save_every", "allow_cpu")}
        weights = dict(model.card.weight_hashes)
        self.card = CARD.model_copy(
            update={
                "source": f"{base} ({model.card.source})",
                "licence": model.card.licence,
                "parameters": sum(each.numel() for each in self._adapters.values()),
                "weight_hashes": weights,
                "settings": {**CARD.settings, **own, "base": base, "dtype": str(model.card.settings.get("dtype", ""))},
            }
        )
        self.fingerprint = content_hash([NAME, CODE_VERSION, self.card.settings, weights])

    def fit(self, images: Sequence[Image], reports: Sequence[str], patients: NDArray[np.str_], seed: int) -> None:
        """Train fresh adapters; every pair is used, none is held out (the number of epochs is fixed, as published).

        Raises:
            UserError: a pair that does not fit the model's context.
        """
        from model_adapters.report_writers.lora_training import Pairs, train

        pairs = Pairs(self._model, images, reports, self.request, self._tokens)
        train(
            self._model.network, self._adapters, pairs, self._recipe, seed, self._device, self._folder, self.fingerprint
        )
        self._fitted = True

    def write(self, images: Sequence[Image]) -> list[str]:
        """Greedy reports.

        Raises:
            UserError: nothing was fitted.
        """
        if not self._fitted:
            raise UserError(f"{NAME} is not trained yet: fit it first.")
        return [self._model.answer([self.request(images[row])])[0].text for row in range(len(images))]

    def request(self, image: Image) -> AnswerRequest:
        """The question about an image, in training and in writing."""
        return AnswerRequest("image", "report", (image, "\n" + INSTRUCTION), max_new_tokens=self._tokens)
