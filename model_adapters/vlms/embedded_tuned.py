"""`embedded-tuned`: the embedded VLM with a change of its output layer, as `bads` learns it from weighted instructions.

Everything else is as shipped. Use the folder that training left: `--vlm embedded-tuned:runs/trust/work/weighted/model`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.card import ModelCard
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Missing
from model_adapters.vlms import embedded, smollm2
from model_adapters.vlms.embedded import EmbeddedVlm

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, FACTS = "network.safetensors", "network.json"

_HOW = "model-adapters train bads --input train=QUESTIONS ... --output DIR, then embedded-tuned:DIR/work/weighted/model"


class EmbeddedTuned(EmbeddedVlm):
    """The embedded VLM; to the logits of some tokens a small network of the last hidden state is added.

    change: "bias" and "weight" of a linear layer, or "0." and "2." of two with a ReLU between. tokens: int64[k], whose
    logits. scale: of the hidden state.
    """

    def __init__(self, context: BuildContext, change: dict[str, Tensor], tokens: list[int], scale: float) -> None:
        import torch

        super().__init__(BuildContext(device=context.device, dtype=context.dtype, options=context.options))
        self._change = {name: each.to(self._device) for name, each in change.items()}
        self._changed, self._scale = torch.tensor(tokens, device=self._device), scale

    def _head(self, hidden: Tensor) -> Tensor:
        logits = super()._head(hidden)
        x, change = hidden * self._scale, self._change
        if "0.weight" in change:
            x = (x @ change["0.weight"].T + change["0.bias"]).relu() @ change["2.weight"].T + change["2.bias"]
        else:
            x = x @ change["weight"].T + change["bias"]
        return logits.index_add(0, self._changed, x)


def card() -> ModelCard:
    """The embedded VLM's card, under this name; what was learnt on what is known once a folder is read."""
    return embedded.card().model_copy(
        update={
            "name": "embedded-tuned",
            "source": "embedded with a change of its output layer; NAME:FOLDER of a bads run on instructions",
        }
    )


def requirements(context: BuildContext) -> list[Missing]:
    """As of the embedded VLM, and a folder."""
    missing = embedded.requirements(context)
    if context.target is None and context.weights is None:
        missing.append(Missing("a tuned output layer", _HOW))
    return missing


def build(context: BuildContext) -> EmbeddedTuned:
    """Make the adapter from the folder in the context's target or weights.

    Raises:
        UserError: no folder, one without an output layer of the installed embedded VLM, or a package is missing.
    """
    if missing := requirements(context):
        raise UserError(f"embedded-tuned needs {missing[0].what}. {missing[0].how}")
    folder = Path(context.weights or context.target or "").expanduser()
    told, change = _read(folder)
    vlm = EmbeddedTuned(context, change, told["tokens"], told["scale"])
    if told["hash"] != vlm.card.weight_hashes[embedded.FILE]:
        raise UserError(f"{folder} was learnt on another embedded model than the installed one. Train it again.")
    data = tuple(dict.fromkeys((*vlm.card.training_data, *map(str, told["data"]))))
    weights = sha256_file(folder / WEIGHTS)
    vlm.card = card().model_copy(
        update={
            "name": f"embedded-tuned-{weights[:8]}",
            "source": f"embedded with the output layer of {folder.name}",
            "training_data": data,
            "weight_hashes": dict(vlm.card.weight_hashes) | {WEIGHTS: weights},
            "notes": (f"Output layer changed for {len(told['tokens'])} tokens by bads.", *vlm.card.notes),
        }
    )
    return vlm


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    absent = next((name for name in (FACTS, WEIGHTS) if not (folder / name).is_file()), None)
    if absent is not None:
        raise UserError(f"{folder} holds no {absent}. {_HOW}")
    try:
        told = json.loads((folder / FACTS).read_text("utf-8"))
        if told.get("kind") != "tokens":
            raise UserError(f"{folder} holds a classifier, no output layer of a language model.")
        tokens, change = [int(each) for each in told["tokens"]], load_file(folder / WEIGHTS)
        fits = (
            {"bias": (len(tokens),), "weight": (len(tokens), smollm2.WIDTH)}
            if "weight" in change
            else {
                "0.bias": (width := len(change["0.bias"]),), "0.weight": (width, smollm2.WIDTH),
                "2.bias": (len(tokens),), "2.weight": (len(tokens), width),
            }
        )  # fmt: skip
        sound = fits == {name: tuple(each.shape) for name, each in change.items()}
        if not (sound and all(bool(each.isfinite().all()) for each in change.values())):
            raise ValueError("tensors of other shapes, or not finite")
        if len(set(tokens)) < len(tokens) or not all(0 <= each < smollm2.CONFIG["vocab_size"] for each in tokens):
            raise ValueError("tokens that the model does not have")
        return {**told, "tokens": tokens, "scale": float(told["scale"]), "hash": str(told["hash"]),
                "data": list(told["data"])}, change  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise UserError(f"{folder} is no output layer of the embedded model ({error}). Train it again.") from error
