"""The groups in which every metric is also reported: pathology, view, sex and age band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS, Case

AGE_BANDS = ("<40", "40-64", "65+")


def members(cases: Sequence[Case]) -> dict[str, NDArray[np.intp]]:
    """Group name -> rows of `cases`, "overall" first. A group nobody belongs to is left out.

    A case belongs to `pathology=X` if label X is 1; uncertain (-1) and unknown cases do not.
    """
    masks: dict[str, list[bool]] = {"overall": [True] * len(cases)}
    for label in CHEXPERT_LABELS:
        masks[f"pathology={label}"] = [case.labels.get(label) == 1 for case in cases]
    for view in ("AP", "PA"):
        masks[f"view={view}"] = [case.view == view for case in cases]
    for sex in ("F", "M"):
        masks[f"sex={sex}"] = [case.sex == sex for case in cases]
    for band in AGE_BANDS:
        masks[f"age={band}"] = [case.age_band == band for case in cases]
    rows = {name: np.flatnonzero(mask) for name, mask in masks.items()}
    return {name: index for name, index in rows.items() if len(index) or name == "overall"}
