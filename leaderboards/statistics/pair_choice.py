"""The share of pairs of images that are joined to the right one of their two prompts."""

from __future__ import annotations

import math

import numpy as np

from leaderboards.statistics.clustered_mean import wilson
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

MIN_UNITS = 10
"""Fewer patients (or blocks of patients) than this give no interval."""


def pair_choice(arrays: Arrays, *, level: float = 0.95, **_recorded: float | str) -> Estimate:
    """Mean over pairs of images of different patients, with a delete-one-patient jackknife (Student's t).

    A pair counts 1 if the right assignment of two prompts scores higher, 0 if the wrong one does, one half if equal.
    Without any relation between images and prompts the expectation is exactly one half, whatever the prompts.

    Args:
        arrays: total_sum, total_count: float64[1], over all pairs; removed_sum, removed_count: float64[units], the
            part that vanishes with a patient (or block of patients).

    Returns:
        The estimate; extra: "pairs", "units". A share of exactly 0 or 1 has Wilson's interval with the units as n.

    Raises:
        ValueError: shapes that do not fit each other.
    """
    removed_sum, removed_count = (np.asarray(arrays[name], np.float64) for name in ("removed_sum", "removed_count"))
    total_sum, total_count = (float(arrays[name].reshape(())) for name in ("total_sum", "total_count"))
    if removed_sum.shape != removed_count.shape or removed_sum.ndim != 1:
        raise ValueError(f"removed sums of shape {removed_sum.shape} and counts of shape {removed_count.shape}")
    if total_count <= 0:
        return undefined("no two images of different patients, equal view and different findings")
    value = total_sum / total_count
    taking_part = removed_count > 0
    units = int(taking_part.sum())
    left = total_count - removed_count[taking_part]
    extra = {"pairs": total_count, "units": float(units)}
    if units < MIN_UNITS or (left <= 0).any():
        reason = f"{units} patients or blocks of patients; an interval needs {MIN_UNITS}"
        if units >= MIN_UNITS:
            reason = "every pair has the same patient on one side"
        return Estimate(value=value, interval_reason=reason, extra=extra)
    deleted = (total_sum - removed_sum[taking_part]) / left
    se = math.sqrt((units - 1) / units * float(((deleted - value) ** 2).sum()))
    if value in (0.0, 1.0):
        low, high = wilson(value, units, level)
        return Estimate(value, low, high, 0.0, level, "Wilson score over patients", extra=extra)
    if se <= 1e-12:
        return Estimate(value=value, interval_reason="every patient has the same value", extra=extra)
    from scipy.special import stdtrit

    half = float(stdtrit(units - 1, 0.5 + level / 2)) * se
    return Estimate(
        value=value,
        low=max(0.0, value - half),
        high=min(1.0, value + half),
        se=se,
        level=level,
        method="delete-one-patient jackknife over pairs, Student t",
        extra=extra,
    )
