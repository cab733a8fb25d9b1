"""Vendi score: the effective number of different images."""

from __future__ import annotations

import numpy as np

from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.kernel_tiles import Float
from leaderboards.statistics.registry import Arrays


def vendi(arrays: Arrays) -> Estimate:
    """exp of the Shannon entropy of the eigenvalues of K / n, K the similarity matrix (Friedman and Dieng 2023, eq. 2).

    Between 1 (all images alike) and n (all orthogonal). It grows with n, so compare at equal n.

    Args:
        arrays: eigenvalues: float64[r], non-negative, any positive sum; eigenvalues_uncentred (optional): the same of
            another similarity, reported as `extra["uncentred"]`.

    Returns:
        The estimate, without an interval: resampled images are exact duplicates, which lower the score, so neither the
        bootstrap nor, at n below the dimension, the jackknife is centred where the estimate is.

    Raises:
        ValueError: a negative eigenvalue.
    """
    value = effective_number(arrays["eigenvalues"])
    if value is None:
        return undefined("all features lie at the centre, so that no two images can be compared")
    other = effective_number(arrays["eigenvalues_uncentred"]) if "eigenvalues_uncentred" in arrays else None
    return Estimate(
        value=value,
        interval_reason="resampling duplicates images, which lowers this score; no interval covers",
        extra={} if other is None else {"uncentred": other},
    )


def effective_number(eigenvalues: Float) -> float | None:
    """exp(-sum p log p) of the normalised eigenvalues; None if all are zero."""
    if (eigenvalues < 0).any():
        raise ValueError("a similarity matrix has no negative eigenvalue")
    total = float(eigenvalues.sum())
    if total <= 0.0:
        return None
    p = eigenvalues[eigenvalues > 0] / total
    return float(np.exp(-(p * np.log(p)).sum()))
