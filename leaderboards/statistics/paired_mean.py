"""Difference of two models' means on the same cases: cluster bootstrap for the interval, sign flips for the p-value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.clustered_mean import MIN_CLUSTERS, bootstrap_means, expanded_tail
from leaderboards.statistics.estimate import Estimate, undefined

FLIPS = 9999
EXACT_CLUSTERS = 13
"""With at most so many clusters all 2^G sign patterns are gone through."""

Float = NDArray[np.float64]


def paired_mean(
    a: Float,
    b: Float,
    cluster: NDArray[np.int64],
    *,
    seed: int,
    weight: Float | None = None,
    replicates: int = 4000,
    level: float = 0.95,
) -> Estimate:
    """(Weighted) mean of a less that of b.

    The interval resamples whole clusters (expanded percentiles, as in `clustered_mean`). The p-value is that of a
    paired randomisation test: if the models were exchangeable, swapping them for all cases of a cluster would change
    nothing, so the observed sum of differences is ranked among those with random signs by cluster.

    Args:
        a, b: float64[n], the same cases in the same order. cluster: int64[n], patients or shared images.
        seed: of resampling and sign flips. weight: float64[n], such as images behind a value; 1 by default.

    Returns:
        extra: `p`; `effect_size`, the mean of the clusters' differences in units of their standard deviation (Cohen's
        d_z); `clusters`.

    Raises:
        ValueError: different lengths.
    """
    if not len(a) == len(b) == len(cluster):
        raise ValueError(f"{len(a)} and {len(b)} values with {len(cluster)} clusters cannot be paired")
    if not len(a):
        return undefined("no cases")
    size = np.ones(len(a)) if weight is None else np.asarray(weight, np.float64)
    of = np.unique(cluster, return_inverse=True)[1].reshape(-1)
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    sums, counts = (np.bincount(of, each).astype(np.float64) for each in (difference * size, size))
    value, clusters = float(sums.sum() / counts.sum()), len(sums)
    extra = {"clusters": float(clusters), "p": flipped_p(sums, np.random.default_rng([seed, 1]))}
    spread = float((sums / counts).std(ddof=1)) if clusters > 1 else 0.0
    if spread > 0:
        extra["effect_size"] = float((sums / counts).mean()) / spread
    if clusters < MIN_CLUSTERS:
        reason = f"{clusters} patients or clusters; an interval needs {MIN_CLUSTERS}"
        return Estimate(value=value, interval_reason=reason, extra=extra)
    if not sums.any():
        return Estimate(value=value, interval_reason="the two never differ", extra=extra)
    means = bootstrap_means(sums, counts, np.random.default_rng([seed, 0]), replicates)
    tail = expanded_tail(level, clusters)
    low, high = (float(each) for each in np.quantile(means, [tail, 1.0 - tail]))
    se = float(means.std(ddof=1)) * (clusters / (clusters - 1)) ** 0.5
    return Estimate(value, low, high, se, level, "paired cluster bootstrap; p by sign flips of clusters", extra=extra)


def flipped_p(sums: Float, rng: np.random.Generator) -> float:
    """Share of sign patterns whose sum is at least as far from 0 as the observed one, itself counted."""
    observed = abs(float(sums.sum()))
    tolerance = 1e-12 * float(np.abs(sums).sum())
    if len(sums) <= EXACT_CLUSTERS:
        patterns = ((np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1) * 2.0 - 1.0
        return float((np.abs(patterns @ sums) >= observed - tolerance).mean())
    hits = 0
    for start in range(0, FLIPS, 1000):
        signs = rng.integers(0, 2, size=(min(1000, FLIPS - start), len(sums))) * 2.0 - 1.0
        hits += int((np.abs(signs @ sums) >= observed - tolerance).sum())
    return (hits + 1) / (FLIPS + 1)
