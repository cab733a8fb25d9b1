"""Control: the phantom's own renderer. It paints a new patient with the requested findings: a perfect generator there.

What real images of a split cannot give is a generator that never repeats itself: whoever shows real images of unseen
patients has a pool that ends, and then two prompts get one image, which tests of equal distributions rightly see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from data_splits.case import Case
from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators.real_pool import Traits, overlap, similarity
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

if TYPE_CHECKING:
    from data_splits.phantom.cohort import PhantomStudy

OPTIONS: dict[str, OptionValue] = {"size": 256}

PATIENTS = 1500
"""Imaginary patients whose findings are given to the painted ones; nobody ever sees their images."""

COHORT = 1_000_003
"""The seed of those patients, far from the seeds that anybody gives a phantom split."""

CHOICES = 4
"""Among so many patients with equal labels and view whose reports are nearest to the prompt, the seed chooses."""

CARD = ModelCard(
    name="phantom-painter",
    kind="generator",
    source="rendered by data_splits.phantom",
    licence="Apache-2.0",
    parameters=0,
    resolution=256,
    settings={"patients": PATIENTS, **OPTIONS},
    notes=("A control, not a model: no generator can be better on the split phantom.",),
)


class PhantomPainter:
    """Paints a patient of its own for every request.

    The findings, with their sizes and places, are those of an imaginary patient of the same positive labels and view
    (or the closest) with a report near to the prompt; sex and age are the case's where it has them. Anatomy, exposure
    and noise are drawn anew from the seed. So an image is that of a new patient of the phantom world given the labels
    and the view, as far as 1,500 patients show what goes together.
    """

    needs_prompt = False

    def __init__(self, context: BuildContext) -> None:
        self._size: int = read_options(context.options, OPTIONS, CARD.name)["size"]
        if self._size <= 0 or self._size % 32:
            raise UserError("Option 'size' of phantom-painter must be a positive multiple of 32 (pixels a side).")
        subsets = {} if context.split is None else context.split.subsets
        self._cases = {case.id: case for cases in subsets.values() for case in cases}
        self.card = CARD.model_copy(update={"resolution": self._size, "settings": CARD.settings | {"size": self._size}})

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        from data_splits.phantom.rendering import render

        return [render(self.study(request), self._size) for request in requests]

    def study(self, request: GenerationRequest) -> PhantomStudy:
        """What is painted for a request, with everything that is true of it."""
        from data_splits.phantom.acquisition import sample_acquisition
        from data_splits.phantom.anatomy import sample_anatomy
        from data_splits.phantom.draws import Draws
        from data_splits.phantom.findings import CARDIOMEGALY_CTR

        case = self._cases.get(request.case_id)
        case = case or Case(id=request.case_id, patient=request.case_id, prompt=request.prompt)
        like = self._like(case, request)
        sex = case.sex if case.sex in ("M", "F") else like.sex
        age = like.age if case.age is None else round(case.age)
        key = (CARD.name, request.seed)
        body = sample_anatomy(key, sex, age)
        found = replace(like.findings, seed="/".join(map(str, key)))
        if found.ctr <= CARDIOMEGALY_CTR:  # a heart of normal size is as wide as this body's
            found = replace(found, ctr=min(0.48, body.ctr + Draws(*key, "heart").normal(0.0, 0.006)))
        name = f"painted-{request.seed}"
        return replace(
            like,
            patient_id=name,
            study_id=name,
            subset="painted",
            sex=sex,
            age=age,
            prompt=request.prompt,
            severities=like.severities | {"Cardiomegaly": found.ctr},
            seed=request.seed,
            anatomy=body,
            acquisition=sample_acquisition(key, like.view),
            findings=found,
        )

    def _like(self, case: Case, request: GenerationRequest) -> PhantomStudy:
        """The imaginary patient whose findings are painted."""
        if case.labels:
            wanted = (frozenset(name for name, value in case.labels.items() if value == 1), case.view)
            best = max(_imaginary(), key=lambda each: (similarity(each, wanted), sorted(each[0]), each[1] or ""))
            candidates = _imaginary()[best]
        else:
            candidates = [study for studies in _imaginary().values() for study in studies]
        order = np.random.default_rng(request.seed).permutation(len(candidates))
        nearest = sorted(order, key=lambda row: -overlap(request.prompt, candidates[row].prompt))[:CHOICES]
        return candidates[nearest[int(np.random.default_rng([request.seed, 1]).integers(len(nearest)))]]


@lru_cache(maxsize=1)
def _imaginary() -> dict[Traits, list[PhantomStudy]]:
    from data_splits.phantom.cohort import phantom_studies

    groups: dict[Traits, list[PhantomStudy]] = defaultdict(list)
    for study in phantom_studies(COHORT, "train", PATIENTS):
        positive = frozenset(name for name, value in study.labels.items() if value == 1)
        groups[positive, study.view].append(study)
    return dict(groups)


def build(context: BuildContext) -> PhantomPainter:
    """Make the adapter. Option: size (pixels a side, a multiple of 32)."""
    return PhantomPainter(context)
