"""Control: shows the training image that fits the request best. Privacy and memorisation metrics must flag it."""

from __future__ import annotations

from collections.abc import Sequence

from model_adapters.card import ModelCard
from model_adapters.generators.real_pool import RealPool
from model_adapters.options import read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

CARD = ModelCard(
    name="memoriser",
    kind="generator",
    source="training images of the split, unchanged",
    licence="that of the split",
    settings={"copies_real_images": True},
    notes=("A control, not a model: every image is a real training image.",),
)


class Memoriser:
    """Returns the training image whose labels, view and prompt match best; ties are settled by the seed."""

    needs_prompt = False

    def __init__(self, context: BuildContext) -> None:
        read_options(context.options, {}, CARD.name)
        self._pool = RealPool(context, CARD.name)
        self.card = self._pool.card(CARD)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        return [self._pool.image(self._pool.closest(request)) for request in requests]


def build(context: BuildContext) -> Memoriser:
    """Make the adapter. The split needs a "train" subset."""
    return Memoriser(context)
