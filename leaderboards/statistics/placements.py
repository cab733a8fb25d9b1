"""Placements: where each score of one sample stands within another; what rank tests and ROC areas are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def placements(scores: Float, others: Float, weights: Float | None = None) -> Float:
    """Share of `others` below each score, ties counted half: float64[n].

    Args:
        scores: float64[n]. others: float64[m]. weights: float64[m], of the others; equal unless given.

    Cost: O((n + m) log m).

    Raises:
        ValueError: no others, or weights of another length.
    """
    weight = np.ones(len(others)) if weights is None else np.asarray(weights, np.float64)
    if not len(others) or len(weight) != len(others):
        raise ValueError(f"{len(others)} others and {len(weight)} weights")
    order = np.argsort(others, kind="stable")
    cumulative = np.concatenate([[0.0], np.cumsum(weight[order])])
    ordered = np.asarray(others, np.float64)[order]
    below = cumulative[np.searchsorted(ordered, scores, side="left")]
    up_to = cumulative[np.searchsorted(ordered, scores, side="right")]
    return np.asarray((below + up_to) / (2.0 * cumulative[-1]))


def variance_of_sums(values: Float, cluster: NDArray[np.int64]) -> float:
    """Variance of the total of centred contributions, from their sums by cluster: G / (G - 1) sum_g sum_g^2."""
    sums = np.bincount(np.unique(cluster, return_inverse=True)[1].reshape(-1), values)
    return float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1)
