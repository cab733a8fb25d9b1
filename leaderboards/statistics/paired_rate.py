"""Two models on the same questions: difference of rates that are averaged over strata (tasks, categories).

Value: sum over strata of weight * (rate of the first less rate of the second). Interval: a stratified cluster bootstrap
of the differences. Clusters that touch the same strata are drawn among themselves, n - 1 of n with weights of
n / (n - 1) (Rao and Wu 1988), so that tasks keep their sizes and small ones their full variance. A stratum in which all
differences are alike, which resampling would call certain, adds the margin of Wilson's interval for n of n clusters by
square-and-add (MOVER, Zou and Donner 2008), as `stratified_rate` does for one model.

p: the exact McNemar test where the questions of one stratum stand alone. Elsewhere a paired randomisation test: were
the two exchangeable, swapping them on a whole cluster would change nothing, so the observed difference is ranked among
those with random signs by cluster. On one stratum of questions that stand alone the two tests are the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.clustered_mean import MIN_CLUSTERS
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.mcnemar import exact_p
from leaderboards.statistics.paired_mean import flipped_p
from leaderboards.statistics.registry import Arrays

Float = NDArray[np.float64]
Labels = NDArray[np.int64]


def paired_rate(
    arrays: Arrays, *, seed: int = 0, replicates: int = 4000, level: float = 0.95, **_recorded: float | str
) -> Estimate:
    """Rate of `first` less that of `second`.

    Args:
        arrays: first, second: float64[n] in [0, 1], the same questions in the same order; stratum: int64[n], 0 to
            S - 1; cluster: int64[n]; weights: float64[S], adding up to 1 (of rates in units of what guessing leaves
            open, divided by 1 - chance, whatever they add up to).
        seed: of resampling and sign flips. replicates: bootstrap samples. level: of the interval.
        _recorded: further facts of the measurement that do not enter the number.

    Returns:
        extra: `p`; `first` and `second`, the two rates; `only_first`, `only_second`: questions that only one of them
        got right (where all values are 0 or 1); `clusters`; `alone`: 1 where no two questions share a cluster.

    Raises:
        ValueError: arrays that do not fit, or values outside [0, 1].
    """
    first, second = (np.asarray(arrays[name], np.float64) for name in ("first", "second"))
    stratum, cluster = arrays["stratum"], arrays["cluster"]
    weights = np.asarray(arrays["weights"], np.float64)
    _check(first, second, stratum, cluster, weights)
    if not len(first):
        return undefined("no questions")
    of = np.unique(cluster, return_inverse=True)[1].reshape(-1)
    clusters, counts = int(of.max()) + 1, np.bincount(stratum, minlength=len(weights)).astype(np.float64)
    gap = first - second
    value = float((weights * np.bincount(stratum, gap, len(weights)) / counts).sum())
    binary = bool(np.isin(np.concatenate([first, second]), (0.0, 1.0)).all())
    alone = clusters == len(first)
    extra = {
        "clusters": float(clusters),
        "alone": float(alone),
        "first": float((weights * np.bincount(stratum, first, len(weights)) / counts).sum()),
        "second": float((weights * np.bincount(stratum, second, len(weights)) / counts).sum()),
    }
    if binary:
        extra |= {"only_first": float((gap > 0).sum()), "only_second": float((gap < 0).sum())}
    if binary and alone and len(weights) == 1:
        extra["p"] = exact_p(int(extra["only_first"]), int(extra["only_second"]))
        test = "exact McNemar p"
    else:
        pull = np.bincount(of, gap * (weights / counts)[stratum]).astype(np.float64)
        pull = pull[np.abs(pull) > 1e-15]
        extra["p"] = flipped_p(pull, np.random.default_rng([seed, 1])) if len(pull) else 1.0
        test = "p by sign flips of whole clusters"
    if clusters < MIN_CLUSTERS:
        reason = f"{clusters} questions or image sets; an interval needs {MIN_CLUSTERS}"
        return Estimate(value=value, interval_reason=reason, method=test, extra=extra)
    drawn = _resampled(gap, stratum, of, weights, replicates, np.random.default_rng([seed, 0]))
    if drawn is None:
        reason = "an image set stands alone in its task, so nothing tells how much another would change"
        return Estimate(value=value, interval_reason=reason, method=test, extra=extra)
    tail = 0.5 - level / 2
    low, high = (float(each) for each in np.quantile(drawn, [tail, 1.0 - tail]))
    margins = _alike(gap, stratum, of, weights, level)
    below, above = (max(0.0, value - low), max(0.0, high - value))
    low, high = value - float(np.hypot(below, margins[0])), value + float(np.hypot(above, margins[1]))
    se = float(np.sqrt(drawn.var(ddof=1) + margins[2] ** 2))
    how = "paired bootstrap" if len(weights) == 1 and alone else "paired bootstrap by cluster within tasks"
    return Estimate(value, low, high, se, level, f"{how}; {test}", extra=extra)


def _resampled(
    gap: Float, stratum: Labels, of: Labels, weights: Float, replicates: int, rng: np.random.Generator
) -> Float | None:
    """Differences of bootstrap samples: float64[replicates]; None where a cluster has none like it."""
    shape = (int(of.max()) + 1, len(weights))
    sums, sizes = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (of, stratum), gap)
    np.add.at(sizes, (of, stratum), 1.0)
    patterns = np.unique(sizes > 0, axis=0, return_inverse=True)[1].reshape(-1)
    total, count = np.zeros((replicates, shape[1])), np.zeros((replicates, shape[1]))
    for pattern in range(int(patterns.max()) + 1):
        members = np.flatnonzero(patterns == pattern)
        n = len(members)
        if n < 2:
            return None
        draws = rng.multinomial(n - 1, np.full(n, 1.0 / n), size=replicates) * (n / (n - 1))
        total += draws @ sums[members]
        count += draws @ sizes[members]
    return np.asarray((total / count) @ weights, np.float64)


def _alike(gap: Float, stratum: Labels, of: Labels, weights: Float, level: float) -> tuple[float, float, float]:
    """What strata of equal differences add below and above the value, and to the standard error.

    The margin of n of n clusters by Wilson's interval is z^2 / (n + z^2). A difference of 1 has nothing above it.
    """
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level / 2))
    below = above = 0.0
    for each, weight in enumerate(weights):
        own = gap[stratum == each]
        if np.ptp(own) > 0:
            continue
        margin = float(weight) * z * z / (len(np.unique(of[stratum == each])) + z * z)
        below += 0.0 if own[0] == -1.0 else margin**2
        above += 0.0 if own[0] == 1.0 else margin**2
    return float(np.sqrt(below)), float(np.sqrt(above)), float(np.sqrt((below + above) / 2)) / z


def _check(first: Float, second: Float, stratum: Labels, cluster: Labels, weights: Float) -> None:
    if not len(first) == len(second) == len(stratum) == len(cluster):
        raise ValueError(f"{len(first)} and {len(second)} values, {len(stratum)} strata, {len(cluster)} clusters")
    if len(first) and sorted(set(stratum.tolist())) != list(range(len(weights))):
        raise ValueError(f"strata must be 0 to {len(weights) - 1}, each with a question")
    if (weights < 0).any():
        raise ValueError(f"weights {weights.tolist()} are negative")
    if not all(((values >= 0) & (values <= 1)).all() for values in (first, second)):
        raise ValueError("a value lies outside [0, 1]")
