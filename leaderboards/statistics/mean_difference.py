"""Difference of two means whose images come several to a patient, the two sides holding different patients."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.clustered_mean import MIN_CLUSTERS
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

METHOD = "normal interval with variances by patient on both sides"


class ClusteredMean(NamedTuple):
    """Attributes: mean; variance: of the mean, from sums by cluster; clusters: how many; images: behind the mean."""

    mean: float
    variance: float
    clusters: int
    images: float


def clustered_moments(
    values: NDArray[np.float64], cluster: NDArray[np.int64], size: NDArray[np.float64] | None = None
) -> ClusteredMean:
    """Mean of images and its variance, linearised over clusters: sum_g (sum_g - mean n_g)^2 G / (G - 1) / n^2.

    Args:
        values: float64[n]; cluster: int64[n]; size: float64[n], images behind each value (1 unless given).

    Raises:
        ValueError: arrays of different lengths, or empty.
    """
    weight = np.ones(len(values)) if size is None else np.asarray(size, np.float64)
    if not len(values) == len(cluster) == len(weight) or not len(values):
        raise ValueError(f"{len(values)} values, {len(cluster)} clusters and {len(weight)} sizes")
    of = np.unique(cluster, return_inverse=True)[1].reshape(-1)
    sums, counts = np.bincount(of, values * weight), np.bincount(of, weight)
    images, groups = float(counts.sum()), len(counts)
    mean = float(sums.sum()) / images
    residual = float(((sums - mean * counts) ** 2).sum()) / images**2
    return ClusteredMean(mean, residual * groups / max(groups - 1, 1), groups, images)


def part(arrays: Arrays, prefix: str) -> ClusteredMean | None:
    """Moments of `<prefix>values`, `<prefix>cluster` and, where given, `<prefix>size`; None where absent or empty."""
    if f"{prefix}values" not in arrays or not len(arrays[f"{prefix}values"]):
        return None
    values = np.asarray(arrays[f"{prefix}values"], np.float64)
    return clustered_moments(values, arrays[f"{prefix}cluster"], arrays.get(f"{prefix}size"))


def difference(one: ClusteredMean, other: ClusteredMean, level: float = 0.95) -> tuple[float, float, float, float]:
    """one - other: value, low, high and standard error, by Student's t with the smaller number of clusters."""
    from scipy.special import stdtrit

    value, se = one.mean - other.mean, math.sqrt(one.variance + other.variance)
    half = float(stdtrit(max(min(one.clusters, other.clusters) - 1, 1), 0.5 + level / 2)) * se
    return value, value - half, value + half, se


def mean_difference(arrays: Arrays, *, scale: float = 1.0, level: float = 0.95, **_recorded: float | str) -> Estimate:
    """scale (mean of values - mean of other_values), interval over the patients of both.

    Args:
        arrays: values, other_values: float64[n], float64[m]; cluster, other_cluster: int64; size, other_size
            (optional): images behind each value, where it is the mean of a block of patients.

    Returns:
        The estimate; extra: both means, times scale.
    """
    one, other = part(arrays, ""), part(arrays, "other_")
    if one is None or other is None:
        return undefined("no images on one side")
    value, low, high, se = (scale * each for each in difference(one, other, level))
    extra = {"mean": scale * one.mean, "other_mean": scale * other.mean}
    if min(one.clusters, other.clusters) < MIN_CLUSTERS:
        few = min(one.clusters, other.clusters)
        reason = f"{few} patients or blocks of patients; an interval needs {MIN_CLUSTERS}"
        return Estimate(value=value, interval_reason=reason, extra=extra)
    return Estimate(value, min(low, high), max(low, high), abs(se), level, METHOD, extra=extra)
