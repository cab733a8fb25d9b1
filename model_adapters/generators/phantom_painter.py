"""Control: the phantom's own renderer. It paints a new patient with the requested findings: a perfect generator there.

What real images of a split cannot give is a generator that never repeats itself: whoever shows real images of unseen
patients has a pool that ends, and then two prompts get one image, which tests of equal distributions rightly see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from data_splits.case import Case
from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators.real_pool import overlap
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

if TYPE_CHECKING:
    from data_splits.phantom.cohort import PhantomStudy
    from data_splits.phantom.findings import Findings

OPTIONS: dict[str, OptionValue] = {"size": 256}

PATIENTS, COHORT = 300, 1_000_003
"""Imaginary patients (and the seed of their cohort) whose reports say what a prompt without labels asks for."""

TRIES, MOST = 60, 2000
"""Patients drawn to find one with the findings asked for; then those of several are put together."""

FIELDS: dict[str, tuple[str, ...]] = {
    "Atelectasis": ("atelectasis_side", "atelectasis"),
    "Cardiomegaly": ("ctr",),
    "Consolidation": ("consolidations",),
    "Edema": ("edema",),
    "Enlarged Cardiomediastinum": ("wide_mediastinum",),
    "Fracture": ("fractures",),
    "Lung Lesion": ("lesions",),
    "Pleural Effusion": ("effusion_left", "effusion_right"),
    "Pleural Other": ("thickening_side", "thickening"),
    "Pneumonia": ("pneumonia",),
    "Pneumothorax": ("pneumothorax_side", "pneumothorax"),
    "Support Devices": ("devices", "chest_tube_side"),
}
"""Label -> what a phantom's findings hold of it. Lung Opacity and No Finding follow from the others."""

CARD = ModelCard(
    name="phantom-painter",
    kind="generator",
    source="rendered by data_splits.phantom",
    licence="Apache-2.0",
    parameters=0,
    resolution=256,
    settings=dict(OPTIONS),
    notes=("A control, not a model: no generator can be better on the split phantom.",),
)


class PhantomPainter:
    """Paints a patient of its own for every request: anatomy, findings, exposure and noise are drawn from its seed.

    View, sex and age are the case's, and of the findings those are there which its labels name; their sizes and places
    are drawn anew. So an image is a draw from the phantom world given view, sex, age and labels, independent of every
    other image. (What a report says beyond its labels, such as a side, is not followed.)
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
        from data_splits.phantom.cohort import PhantomStudy
        from data_splits.phantom.findings import labels_of, severities_of

        case = self._cases.get(request.case_id)
        case = case or Case(id=request.case_id, patient=request.case_id, prompt=request.prompt)
        like = _imagined(request.prompt) if not case.labels or case.view is None or case.age is None else None
        view = case.view if case.view in ("PA", "AP") or like is None else like.view
        sex = case.sex if case.sex in ("M", "F") else "FM"[request.seed % 2] if like is None else like.sex
        age = like.age if case.age is None and like is not None else round(case.age or 0)
        labels = case.labels if case.labels or like is None else like.labels
        key = (CARD.name, request.seed)
        body = sample_anatomy(key, sex, age)
        found = _findings(frozenset(name for name in FIELDS if labels.get(name) == 1), key, view or "PA", age, body.ctr)
        name = f"painted-{request.seed}"
        return PhantomStudy(
            name,
            name,
            "painted",
            view or "PA",
            sex,
            age,
            labels_of(found),
            severities_of(found),
            request.prompt,
            request.seed,
            body,
            sample_acquisition(key, view or "PA"),
            found,
        )


def _findings(wanted: frozenset[str], key: tuple[str | int, ...], view: str, age: int, ctr: float) -> Findings:
    """Findings with these labels and no others: those of the first patient who has them.

    Of `TRIES` patients without one the nearest is taken, and what is missing comes from the next who has it.
    """
    from data_splits.phantom.findings import Findings, labels_of, sample_findings

    def draw(number: int) -> tuple[Findings, frozenset[str]]:
        found = sample_findings((*key, number), 0, view, age, ctr)
        labels = labels_of(found)
        return found, frozenset(name for name in FIELDS if labels[name])

    best, had = draw(0)
    for number in range(TRIES):
        found, has = draw(number)
        if len(has ^ wanted) < len(had ^ wanted):
            best, had = found, has
        if had == wanted:
            return best
    none = Findings(ctr=min(0.48, ctr))
    for name in sorted(had - wanted):
        best = replace(best, **{field: getattr(none, field) for field in FIELDS[name]})
    for name in sorted(wanted - had):
        for number in range(TRIES, MOST):
            found, has = draw(number)
            if name in has:
                best = replace(best, **{field: getattr(found, field) for field in FIELDS[name]})
                break
    return best


@lru_cache(maxsize=1)
def _imaginary() -> tuple[PhantomStudy, ...]:
    from data_splits.phantom.cohort import phantom_studies

    return tuple(phantom_studies(COHORT, "train", PATIENTS))


def _imagined(prompt: str) -> PhantomStudy:
    """The imaginary study whose report is nearest to a prompt."""
    return max(_imaginary(), key=lambda study: overlap(prompt, study.prompt))


def build(context: BuildContext) -> PhantomPainter:
    """Make the adapter. Option: size (pixels a side, a multiple of 32)."""
    return PhantomPainter(context)
