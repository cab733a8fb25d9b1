"""Means and rates whose images come several to a patient: the interval resamples patients, not images."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

MIN_CLUSTERS = 5
"""Fewer clusters than this give no interval."""

WEIGHTS_AT_ONCE = 4_000_000
"""Bootstrap weights held in memory."""


def clustered_mean(
    arrays: Arrays,
    *,
    seed: int,
    replicates: int = 2000,
    level: float = 0.95,
    indicator: bool = False,
    scale: float = 1.0,
    conditional: str = "",
    **_recorded: float | str,
) -> Estimate:
    """Mean over images with a cluster bootstrap by patient.

    The percentiles are taken a little further out than level/2, as far as makes the bootstrap of a normal mean of G
    clusters agree with Student's t (Hesterberg 2015, expanded percentile interval).

    Args:
        arrays: values: float64[n]; cluster: int64[n], the patient (or block of patients) of each value;
            size: int64[n] (optional), how many images a value is the mean of.
        seed: of the resampling. replicates: bootstrap samples.
        indicator: the values are 0 or 1 (or means of such); then the interval of a rate of exactly 0 or 1 is Wilson's
            with the number of clusters as n, because resampling equal values gives a point.
        scale: the estimate is of scale * mean.
        conditional: what the interval holds fixed, appended to the method's name.
        _recorded: further facts of the measurement that do not enter the number.

    Returns:
        The estimate; undefined without values.

    Raises:
        ValueError: arrays of different lengths, or an indicator outside [0, 1].
    """
    values, cluster = np.asarray(arrays["values"], np.float64), arrays["cluster"]
    size = np.asarray(arrays["size"] if "size" in arrays else np.ones(len(values)), np.float64)
    if not len(values) == len(cluster) == len(size):
        raise ValueError(f"{len(values)} values, {len(cluster)} clusters and {len(size)} sizes")
    if not len(values):
        return undefined("no images")
    if indicator and not ((values >= 0.0) & (values <= 1.0)).all():
        raise ValueError("an indicator lies outside [0, 1]")
    of = np.unique(cluster, return_inverse=True)[1].reshape(-1)
    sums, counts = np.bincount(of, values * size).astype(np.float64), np.bincount(of, size).astype(np.float64)
    mean = float(sums.sum() / counts.sum())
    clusters = len(sums)
    method = "cluster bootstrap by patient" + (f"; {conditional}" if conditional else "")
    extra = {"clusters": float(clusters)}
    if clusters < MIN_CLUSTERS:
        reason = f"{clusters} patients or blocks of patients; an interval needs {MIN_CLUSTERS}"
        return Estimate(value=scale * mean, interval_reason=reason, extra=extra)
    if indicator and mean in (0.0, 1.0):
        low, high = wilson(mean, clusters, level)
        method = method.replace("cluster bootstrap by patient", "Wilson score over patients")
        return Estimate(value=scale * mean, low=scale * low, high=scale * high, level=level, method=method, extra=extra)
    means = bootstrap_means(sums, counts, np.random.default_rng(seed), replicates)
    if float(np.ptp(means)) <= 1e-12 * float(np.abs(means).max()):
        return Estimate(value=scale * mean, interval_reason="every patient has the same value", extra=extra)
    tail = expanded_tail(level, clusters)
    low, high = (float(each) for each in np.quantile(means, [tail, 1.0 - tail]))
    return Estimate(
        value=scale * mean,
        low=scale * low,
        high=scale * high,
        se=abs(scale) * float(means.std(ddof=1)) * math.sqrt(clusters / (clusters - 1)),
        level=level,
        method=method,
        extra=extra,
    )


def bootstrap_means(
    sums: NDArray[np.float64], counts: NDArray[np.float64], rng: np.random.Generator, replicates: int
) -> NDArray[np.float64]:
    """Ratio sum / count over clusters drawn with replacement: float64[replicates], O(replicates * clusters) time."""
    clusters = len(sums)
    share = np.full(clusters, 1.0 / clusters)
    at_once = max(1, WEIGHTS_AT_ONCE // clusters)
    means = np.empty(replicates)
    for start in range(0, replicates, at_once):
        drawn = rng.multinomial(clusters, share, size=min(at_once, replicates - start)).astype(np.float64)
        means[start : start + len(drawn)] = (drawn * sums).sum(axis=1) / (drawn * counts).sum(axis=1)
    return means


def wilson(rate: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a rate (Wilson 1927)."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level / 2))
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # Exactly 0 and 1 where rounding would leave 1e-18.
    return 0.0 if rate == 0.0 else max(0.0, centre - half), 1.0 if rate == 1.0 else min(1.0, centre + half)


def expanded_tail(level: float, clusters: int) -> float:
    """The tail probability at which percentiles of a bootstrap of few clusters agree with Student's t (Hesterberg)."""
    from scipy.special import ndtr, stdtrit

    quantile = float(stdtrit(clusters - 1, 0.5 - level / 2))
    return float(ndtr(math.sqrt(clusters / (clusters - 1)) * quantile))
