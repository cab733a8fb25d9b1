"""The embedded default: procedural chest phantoms, rendered when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.sources.catalogue import SOURCES
from data_splits.split import GreyImage, Split

if TYPE_CHECKING:
    from data_splits.phantom.cohort import PhantomStudy

VERSION = "1"
"""Raise it when the phantom draws other pictures or writes other reports from the same seed."""


@dataclass(frozen=True)
class PhantomImages:
    """Renders the study of a case.

    Attributes:
        studies: case id -> study.
        size: pixels a side.
    """

    studies: Mapping[str, PhantomStudy] = field(repr=False)
    size: int

    def read(self, case: Case) -> GreyImage:
        """The radiograph of a case, uint8[size, size]; about 40 ms at 256 pixels."""
        from data_splits.phantom.rendering import render

        return render(self.studies[case.id], self.size)

    def masks(self, case: Case) -> dict[str, NDArray[np.bool_]]:
        """The true outlines: left_lung, right_lung, heart, left_clavicle, right_clavicle, bool[size, size] each."""
        from data_splits.phantom.rendering import render_masks

        return dict(vars(render_masks(self.studies[case.id], self.size)))


def load(
    path: Path | None = None, *, seed: int = 0, size: int = 256, train: int | None = None, test: int | None = None
) -> Split:
    """The phantom cohort of a seed.

    Args:
        path: not used.
        seed: names the cohort; another seed gives other patients.
        size: pixels a side, a multiple of 32.
        train, test: patients in each subset; the whole cohort (1,500 and 400) where None. The first patients of a
            larger cohort are those of a smaller one.
    """
    if size <= 0 or size % 32:
        raise UserError(f"Option size of split phantom must be a positive multiple of 32, not {size}.")
    subsets: dict[str, tuple[Case, ...]] = {}
    studies: dict[str, PhantomStudy] = {}
    for subset, patients in (("train", train), ("test", test)):
        if patients is not None and patients < 1:
            raise UserError(f"Option {subset} of split phantom must be 1 or more patients, not {patients}.")
        drawn = _studies(seed, subset, patients)
        studies |= {study.study_id: study for study in drawn}
        subsets[subset] = tuple(sorted((_case(study) for study in drawn), key=lambda case: case.id))
    info = SOURCES[0]
    options = {"seed": seed, "size": size} | {
        name: value for name, value in (("train", train), ("test", test)) if value is not None
    }
    phantoms = PhantomImages(studies, size)
    return Split(
        name=info.name,
        version=VERSION,
        licence=info.licence,
        credentialed=info.credentialed,
        subsets=subsets,
        read_image=phantoms.read,
        read_masks=phantoms.masks,
        options=options,
        rendered=True,
    )


@lru_cache(maxsize=8)
def _studies(seed: int, subset: str, patients: int | None) -> tuple[PhantomStudy, ...]:
    from data_splits.phantom.cohort import phantom_studies

    return tuple(phantom_studies(seed, subset, patients))


def _case(study: PhantomStudy) -> Case:
    return Case(
        id=study.study_id,
        patient=study.patient_id,
        prompt=study.prompt,
        labels=study.labels,
        view=study.view,
        sex=study.sex,
        age=float(study.age),
        study=study.study_id,
    )
