"""Control: the same grey square for every prompt. Diversity metrics must say so, and no metric may crash."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

OPTIONS: dict[str, OptionValue] = {"value": 128, "size": 256}

CARD = ModelCard(
    name="constant",
    kind="generator",
    source="computed",
    licence="Apache-2.0",
    parameters=0,
    resolution=256,
    settings=dict(OPTIONS),
    notes=("A control, not a model: total mode collapse.",),
)


class Constant:
    """A square of `size` pixels of grey level `value`, whatever is asked."""

    needs_prompt = False

    def __init__(self, context: BuildContext) -> None:
        options = read_options(context.options, OPTIONS, CARD.name)
        if not 0 <= options["value"] <= 255 or options["size"] < 1:
            raise UserError("constant takes a value from 0 to 255 and a size of 1 or more.")
        self._pixels = np.full((options["size"], options["size"]), options["value"], dtype=np.uint8)
        self.card = CARD.model_copy(update={"settings": options, "resolution": options["size"]})

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        return [self._pixels.copy() for _ in requests]


def build(context: BuildContext) -> Constant:
    """Make the adapter. Options: value (0 to 255), size (pixels)."""
    return Constant(context)
