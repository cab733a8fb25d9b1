"""Test-set bound: what the errors of one fixed predictor on cases it never saw say about all cases."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam


def held_out(errors: ArrayLike, n: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """max {p: P(Binomial(n, p) <= errors) >= delta}, with probability 1 - delta.

    Langford 2005, test set bound (Theorem 3.3); the upper end of a one-sided Clopper-Pearson interval. The predictor
    is trained and chosen without the n cases. It is the baseline that every other certificate is read beside: half
    the cases for training and half for this bound is often hard to beat.

    Args:
        errors: whole number of wrong answers. n: cases. delta: failure probability.

    Raises:
        ValueError: as for `exact_occam`.
    """
    return exact_occam(errors, n, 0.0, delta)
