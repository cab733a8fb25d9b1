"""Control: a real training image of the wrong findings. Fidelity metrics like it, alignment metrics must not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators.real_pool import RealPool, Traits, traits
from model_adapters.options import read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

CARD = ModelCard(
    name="label-shuffler",
    kind="generator",
    source="training images of the split, shown for the wrong prompts",
    licence="that of the split",
    settings={"copies_real_images": True},
    notes=("A control, not a model: every image is a real training image of another set of findings.",),
)


class LabelShuffler:
    """Returns a training image, chosen by the seed, that shares no positive label with the request (if there is none,
    one with another set of labels), of the same view where possible: the view stays right, the findings are wrong."""

    needs_prompt = False

    def __init__(self, context: BuildContext) -> None:
        read_options(context.options, {}, CARD.name)
        self._pool = RealPool(context, CARD.name)
        if len({labels for labels, _ in self._pool.groups}) < 2:
            raise UserError("label-shuffler needs training images with at least two different sets of labels.")
        self._wrong_images: dict[Traits, NDArray[np.int64]] = {}
        self.card = self._pool.card(CARD)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        return [self._pool.image(self._pool.train[self._choose(request)]) for request in requests]

    def _choose(self, request: GenerationRequest) -> int:
        wanted = traits(self._pool.case(request))
        if wanted not in self._wrong_images:
            self._wrong_images[wanted] = self._wrong(wanted)
        return int(np.random.default_rng(request.seed).choice(self._wrong_images[wanted]))

    def _wrong(self, wanted: Traits) -> NDArray[np.int64]:
        """Indices of the training images that a request may be answered with."""
        other = [(index, traits(case)) for index, case in enumerate(self._pool.train) if traits(case)[0] != wanted[0]]
        disjoint = [(index, each) for index, each in other if not each[0] & wanted[0]] or other
        same_view = [(index, each) for index, each in disjoint if each[1] == wanted[1]] or disjoint
        return np.array([index for index, _ in same_view])


def build(context: BuildContext) -> LabelShuffler:
    """Make the adapter. The split needs a "train" subset with labels."""
    return LabelShuffler(context)
