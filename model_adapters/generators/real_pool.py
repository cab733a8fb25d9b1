"""Real training images by labels and view, for the control generators. A control never sees the evaluated images."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property

import numpy as np

from data_splits.case import Case
from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.protocols import BuildContext, GenerationRequest, Image

Traits = tuple[frozenset[str], str | None]
"""(names of the positive labels, view)."""

MAX_TIES = 2000
"""Among more candidates with equal traits than this, prompts are compared for a seeded choice of so many."""


def traits(case: Case) -> Traits:
    """What a control matches images on."""
    return frozenset(name for name, value in case.labels.items() if value == 1), case.view


def similarity(one: Traits, other: Traits) -> tuple[float, bool]:
    """(Jaccard index of the positive labels, same view): larger is closer, labels first."""
    union = one[0] | other[0]
    return len(one[0] & other[0]) / len(union) if union else 1.0, one[1] == other[1]


class RealPool:
    """The "train" subset of the split of a build context, grouped by traits.

    Args:
        context: its split must have a "train" subset.
        name: of the control, for messages.

    Raises:
        UserError: no split, or no training images.
    """

    def __init__(self, context: BuildContext, name: str) -> None:
        split = context.split
        if split is None or not split.subsets.get("train"):
            raise UserError(f"{name} shows real training images: it needs --split with a 'train' subset.")
        self.split = split
        self.train = split.subsets["train"]
        self.groups: dict[Traits, list[Case]] = defaultdict(list)
        for case in self.train:
            self.groups[traits(case)].append(case)

    @cached_property
    def _by_id(self) -> dict[str, Case]:
        return {case.id: case for cases in self.split.subsets.values() for case in cases}

    @cached_property
    def _train_ids(self) -> set[str]:
        return {case.id for case in self.train}

    def case(self, request: GenerationRequest) -> Case:
        """The case of a request; a request from outside the split has a prompt and no labels."""
        found = self._by_id.get(request.case_id)
        return found or Case(id=request.case_id, patient=request.case_id, prompt=request.prompt)

    def is_training(self, case: Case) -> bool:
        """Whether a case is a training case itself."""
        return case.id in self._train_ids

    def ranked(self, wanted: Traits) -> list[Traits]:
        """The traits that training images have, closest first."""
        return sorted(
            self.groups, key=lambda each: (similarity(each, wanted), sorted(each[0]), each[1] or ""), reverse=True
        )

    def closest(self, request: GenerationRequest) -> Case:
        """The training case whose labels, then view, then prompt words match best; the seed settles ties.

        A training case asked for by its own id is returned itself.
        """
        case = self.case(request)
        if self.is_training(case):
            return case
        candidates = self.groups[self.ranked(traits(case))[0]] if case.labels or not request.prompt else self.train
        order = np.random.default_rng(request.seed).permutation(len(candidates))[:MAX_TIES]
        return max((candidates[index] for index in order), key=lambda each: overlap(request.prompt, each.prompt))

    def image(self, case: Case) -> Image:
        """The image of a training case, at its own size."""
        return self.split.read_image(case)

    def card(self, card: ModelCard, **settings: str | int | float | bool) -> ModelCard:
        """The control's card, completed with what it shows."""
        return card.model_copy(
            update={
                "licence": self.split.licence,
                "training_data": (self.split.name,),
                "settings": card.settings | settings,
            }
        )


def _words(text: str | None) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", (text or "").lower()))


def overlap(one: str | None, other: str | None) -> float:
    """Jaccard index of the words of two texts, 0 to 1."""
    left, right = _words(one), _words(other)
    return len(left & right) / len(left | right) if left | right else 0.0
