"""Control: other patients' real images of the same findings. The floor: no generator can be expected to beat it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_splits.case import Case
from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators.real_pool import RealPool, Traits, traits
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

OPTIONS: dict[str, OptionValue] = {"shuffle_seed": 0}

CARD = ModelCard(
    name="real-holdout",
    kind="generator",
    source="real training images of the split, matched on labels and view",
    licence="that of the split",
    settings={"copies_real_images": True, **OPTIONS},
    notes=(
        "A control, not a model: real images of other patients than the evaluated ones, each used once if possible.",
    ),
)


class RealHoldout:
    """Assigns to each case of a subset a training image with equal positive labels and view, or the closest left.

    The assignment is made once for the whole subset (and draw after draw), in case order, so that it does not depend
    on which requests come first. Images are used again only when all have been used. A training case is never
    answered with an image of its own patient.
    """

    needs_prompt = False

    def __init__(self, context: BuildContext) -> None:
        self._seed: int = read_options(context.options, OPTIONS, CARD.name)["shuffle_seed"]
        self._pool = RealPool(context, CARD.name)
        subsets = self._pool.split.subsets
        self._subsets = {case.id: name for name, cases in subsets.items() for case in cases}
        self._assigned: dict[str, list[dict[str, Case]]] = {}
        self._left: dict[str, dict[Traits, list[Case]]] = {}
        self.card = self._pool.card(CARD, shuffle_seed=self._seed)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        return [self._pool.image(self._choose(request)) for request in requests]

    def _choose(self, request: GenerationRequest) -> Case:
        subset = self._subsets.get(request.case_id)
        if subset is None:
            raise UserError(f"real-holdout knows only cases of its split; {request.case_id!r} is none of them.")
        draws = self._assigned.setdefault(subset, [])
        while len(draws) <= request.draw:
            draws.append(self._assign(subset))
        return draws[request.draw][request.case_id]

    def _assign(self, subset: str) -> dict[str, Case]:
        left = self._left.setdefault(subset, {})
        ranked: dict[Traits, list[Traits]] = {}
        chosen = {}
        for case in self._pool.split.subsets[subset]:
            wanted = traits(case)
            order = ranked.setdefault(wanted, self._pool.ranked(wanted))
            chosen[case.id] = self._take(left, order, case)
        return chosen

    def _take(self, left: dict[Traits, list[Case]], order: list[Traits], case: Case) -> Case:
        """The last unused image of the closest traits that is not of the case's own patient."""
        for _ in range(2):
            for each in order:
                pool = left.get(each, [])
                for index in range(len(pool) - 1, -1, -1):
                    if pool[index].patient != case.patient:
                        return pool.pop(index)
            left.update(self._shuffled())
        raise UserError("real-holdout needs training images of more than one patient.")

    def _shuffled(self) -> dict[Traits, list[Case]]:
        rng = np.random.default_rng(self._seed)
        groups = sorted(self._pool.groups.items(), key=lambda item: (sorted(item[0][0]), item[0][1] or ""))
        return {key: [cases[index] for index in rng.permutation(len(cases))] for key, cases in groups}


def build(context: BuildContext) -> RealHoldout:
    """Make the adapter. Option: shuffle_seed (which of the equally good images goes to which case)."""
    return RealHoldout(context)
