"""`embedded-quantised`: the embedded VLM with its language model quantised by `mobilequant`.

Eye, projector and second look are as shipped, in float; SmolLM2 with the LoRA in it answers on integer grids. Use the
folder that `model-adapters train mobilequant` left: `--vlm embedded-quantised:runs/mq/work/model`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.card import ModelCard
from model_adapters.protocols import AnswerRequest, BuildContext
from model_adapters.requirements import Missing
from model_adapters.vlms import embedded, smollm2
from model_adapters.vlms.embedded import EmbeddedVlm

if TYPE_CHECKING:
    from torch import Tensor


class EmbeddedLanguage(EmbeddedVlm):
    """The embedded VLM with its language model in reach.

    Attributes:
        language: the `LlamaForCausalLM`, the LoRA in its weights. tokenizer: of `tokenizers`.
    """

    @property
    def language(self) -> Any:
        """The language model, which may be replaced by one of the same widths."""
        return self._model

    @language.setter
    def language(self, model: Any) -> None:
        self._model = model

    @property
    def tokenizer(self) -> Any:
        """Text to token ids and back."""
        return self._tokenizer

    def prompt(self, request: AnswerRequest) -> Tensor:
        """What the language model reads: float32[tokens, width]."""
        import torch

        with torch.no_grad():
            return self._prompt(request)

    def answer_ids(self, answer: str) -> list[int]:
        """Token ids of an answer and the token that ends it."""
        return [*self._tokenizer.encode(answer).ids, smollm2.EOS]


def card() -> ModelCard:
    """The embedded VLM's card, under this name; what was quantised how is known once a folder is read."""
    return embedded.card().model_copy(
        update={
            "name": "embedded-quantised",
            "source": "embedded with its language model quantised; NAME:FOLDER of a mobilequant run",
        }
    )


def requirements(context: BuildContext) -> list[Missing]:
    """As of the embedded VLM, and a folder."""
    missing = embedded.requirements(context)
    if context.target is None and context.weights is None:
        missing.append(Missing("a quantised language model", _HOW))
    return missing


_HOW = "model-adapters train mobilequant --input model=embedded --output DIR, then embedded-quantised:DIR/work/model"


def build(context: BuildContext) -> EmbeddedLanguage:
    """Make the adapter from the folder in the context's target or weights.

    Raises:
        UserError: no folder, not one of a quantised embedded language model, or a package is missing.
    """
    if missing := requirements(context):
        raise UserError(f"embedded-quantised needs {missing[0].what}. {missing[0].how}")
    from model_adapters.methods.mobilequant.stored import WEIGHTS, read_model, told_of

    folder = Path(context.weights or context.target or "").expanduser()
    model = read_model(folder, context.device)
    if (model.config.hidden_size, model.config.vocab_size) != (smollm2.WIDTH, smollm2.CONFIG["vocab_size"]):
        raise UserError(f"{folder} holds no language model of the embedded VLM. Train with model = embedded.")
    vlm = open_float(context)
    vlm.language = model
    name, bits = told_of(folder)
    vlm.card = card().model_copy(
        update={
            "name": name,
            "settings": dict(vlm.card.settings) | {"scheme": bits.label, "wide_bits": bits.wide},
            "weight_hashes": dict(vlm.card.weight_hashes) | {WEIGHTS: sha256_file(folder / WEIGHTS)},
            "notes": (f"Language model at {bits.label}, integers simulated in floating point.", *vlm.card.notes),
        }
    )
    return vlm


def open_float(context: BuildContext) -> EmbeddedLanguage:
    """The embedded VLM as it ships, its language model in float."""
    return EmbeddedLanguage(BuildContext(device=context.device, dtype=context.dtype, options=context.options))
