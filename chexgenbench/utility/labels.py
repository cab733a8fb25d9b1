"""Labels of cases as tables of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS, Case
from leaderboards.statistics.classification_scores import UNKNOWN

Policy = Literal["known", "zeros"]
"""known: what is uncertain (-1) or not stated teaches and scores nothing. zeros: it counts as absent (published)."""


def targets(cases: Sequence[Case], policy: Policy = "known") -> NDArray[np.float32]:
    """float32[n, 14] in the order of CHEXPERT_LABELS: 1, 0, or NaN for a cell that nobody knows."""
    empty = 0.0 if policy == "zeros" else np.nan
    table = np.full((len(cases), len(CHEXPERT_LABELS)), empty, np.float32)
    for row, case in enumerate(cases):
        for column, label in enumerate(CHEXPERT_LABELS):
            value = case.labels.get(label)
            if value in (0, 1):
                table[row, column] = value
    return table


def truth(cases: Sequence[Case], policy: Policy = "known") -> NDArray[np.uint8]:
    """uint8[n, 14]: 1, 0, or UNKNOWN, as the `classification` estimator takes it."""
    table = targets(cases, policy)
    return np.where(np.isnan(table), UNKNOWN, table).astype(np.uint8)
