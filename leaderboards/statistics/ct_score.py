"""Data-copying test C_T: how much nearer to the training set generated images lie than held-out real ones."""

from __future__ import annotations

import math

import numpy as np

from leaderboards.statistics.clustered_mean import MIN_CLUSTERS
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.placements import variance_of_sums
from leaderboards.statistics.registry import Arrays

METHOD = "normal interval of the rank statistic, variances by patient on both sides"


def ct_score(arrays: Arrays, *, level: float = 0.95, **_recorded: float | str) -> Estimate:
    """Mean over cells of the Mann-Whitney Z of generated against held-out distances (Meehan et al. 2020).

    In a cell with n generated and m held-out patients Z = (A - 1/2) sqrt(12 n m / (n + m + 1)), A the share of pairs in
    which the generated image is farther; cells are weighted by m.

    Args:
        arrays: placement: float64[n], share of held-out images of its cell that are nearer; cell: int64[n], from 0;
            weight: float64[n], 1 / images of its patient; cluster: int64[n]; cell_size: float64[cells], held-out
            patients; held_out_influence, held_out_cluster (held_out_size): contributions of held-out images to the
            value's error, one an image or means by block. Optional, the same for further images: further (float64[1]),
            their value.

    Returns:
        The estimate. extra: `p_copying`, one-sided p-value of "not nearer than held-out images" from the standard error
        (draws of one prompt count as dependent); `cells`; `farther`, the mean of A; `further`.
    """
    placement, weight = np.asarray(arrays["placement"], np.float64), np.asarray(arrays["weight"], np.float64)
    cell, cluster, held_out = arrays["cell"], arrays["cluster"], np.asarray(arrays["cell_size"], np.float64)
    if not len(placement) or not len(held_out):
        return undefined("no cell holds enough generated and held-out images")
    drawn = np.bincount(cell, weight, minlength=len(held_out))
    area = np.bincount(cell, weight * placement, minlength=len(held_out)) / drawn
    share = held_out / held_out.sum()
    scale = share * scales(drawn, held_out)
    value = float((scale * (area - 0.5)).sum())
    from scipy.special import ndtr, ndtri

    extra = {"cells": float(len(held_out)), "farther": float((share * area).sum())}
    if "further" in arrays:
        extra["further"] = float(arrays["further"].reshape(-1)[0])
    other = np.asarray(arrays["held_out_influence"], np.float64)
    if "held_out_size" in arrays:
        other = other * arrays["held_out_size"]
    clusters = min(len(np.unique(cluster)), len(np.unique(arrays["held_out_cluster"])))
    mine = scale[cell] * weight * (placement - area[cell]) / drawn[cell]
    se = math.sqrt(variance_of_sums(mine, cluster) + variance_of_sums(other, arrays["held_out_cluster"]))
    # Without overlap the variance is 0; the one under the null hypothesis stands in.
    extra["p_copying"] = float(ndtr(value / (se if se > 0.0 else math.sqrt(float((share**2).sum())))))
    if clusters < MIN_CLUSTERS:
        reason = f"{clusters} patients or blocks of patients; an interval needs {MIN_CLUSTERS}"
        return Estimate(value=value, interval_reason=reason, extra=extra)
    if se == 0.0:
        return Estimate(value=value, interval_reason="no overlap: every generated image is on one side", extra=extra)
    half = float(ndtri(0.5 + level / 2)) * se
    return Estimate(value, value - half, value + half, se, level, METHOD, extra=extra)


def scales(drawn: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """1 / standard deviation of A in each cell if both sides have one distribution: float64[cells]."""
    return np.asarray(np.sqrt(12.0 * drawn * held_out / (drawn + held_out + 1.0)))
