"""Rates that are averaged over strata (tasks, categories), with questions that share images forming clusters.

Value: sum over strata of weight * share of ones. Interval: the square-and-add method (MOVER: Zou and Donner 2008;
Newcombe 1998 for two strata) on Wilson's limits of every stratum, so that a stratum in which nothing or everything is
right still adds its uncertainty, which a standard error of zero would hide. With one stratum and no clusters it is
Wilson's interval itself.

Clusters: the number of questions of a stratum is divided by its design effect (Kish 1965; never below 1), and by
(t / z)^2 with the number of clusters less one as degrees of freedom (Korn and Graubard 1998). Where all answers of a
stratum agree the design effect cannot be told, and the number of clusters counts. A cluster that reaches into several
strata correlates them; the correlation is estimated from its totals.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.clustered_mean import wilson
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

Float = NDArray[np.float64]
Labels = NDArray[np.int64]


def stratified_rate(arrays: Arrays, *, level: float = 0.95, exact: bool = False, **_recorded: float | str) -> Estimate:
    """Weighted mean of the rates of strata.

    Args:
        arrays: values: float64[n], 0 or 1 (with `exact` anything in [0, 1]); stratum: int64[n], 0 to S - 1;
            cluster: int64[n]; weights: float64[S], adding up to 1;
            chance: float64[n] (optional), the expected value of a guess. Then every stratum's rate r counts as
            (r - c) / (1 - c), c being the mean of its chances: 0 for guessing, 1 for all right.
        level: of the interval.
        exact: the values are expectations, not outcomes: the value has no sampling error and no interval.
        _recorded: further facts of the measurement that do not enter the number.

    Returns:
        The estimate; undefined without values, or where guessing alone is always right.

    Raises:
        ValueError: arrays that do not fit, weights that do not add up to 1, or values outside {0, 1} ([0, 1]).
    """
    values, stratum, cluster = np.asarray(arrays["values"], np.float64), arrays["stratum"], arrays["cluster"]
    weights = np.asarray(arrays["weights"], np.float64)
    _check(values, stratum, cluster, weights, exact)
    if not len(values):
        return undefined("no questions")
    counts = np.bincount(stratum, minlength=len(weights)).astype(np.float64)
    rates = np.bincount(stratum, values, len(weights)) / counts
    scale, offset = weights, 0.0
    if "chance" in arrays:
        chance = np.bincount(stratum, np.asarray(arrays["chance"], np.float64), len(weights)) / counts
        if (chance >= 1.0).any():
            return undefined("guessing is always right in one of the tasks")
        scale = weights / (1.0 - chance)
        offset = float((scale * chance).sum())
    value = float((scale * rates).sum()) - offset
    clusters = len(np.unique(cluster))
    extra = {"clusters": float(clusters)}
    if exact:
        return Estimate(value=value, interval_reason="an exact expectation over these questions", extra=extra)
    effective = np.array([_effective(values[stratum == s], cluster[stratum == s], level) for s in range(len(weights))])
    if (effective <= 0).any():
        reason = "all questions of a task share one image, so nothing tells how much another image would change"
        return Estimate(value=value, interval_reason=reason, extra=extra)
    limits = np.array([wilson(float(rate), float(n), level) for rate, n in zip(rates, effective, strict=True)])
    correlation = _correlation(values - rates[stratum], stratum, cluster, counts)
    below, above = scale * (rates - limits[:, 0]), scale * (limits[:, 1] - rates)
    clustered = clusters < len(values)
    method = "Wilson score" if len(weights) == 1 else "square-and-add of Wilson scores"
    return Estimate(
        value=value,
        low=value - math.sqrt(max(0.0, float(below @ correlation @ below))),
        high=value + math.sqrt(max(0.0, float(above @ correlation @ above))),
        level=level,
        method=method + (", clustered" if clustered else ""),
        extra=extra | {"effective_n": float(effective.sum())},
    )


def _check(values: Float, stratum: Labels, cluster: Labels, weights: Float, exact: bool) -> None:
    if not len(values) == len(stratum) == len(cluster):
        raise ValueError(f"{len(values)} values, {len(stratum)} strata and {len(cluster)} clusters")
    if len(values) and sorted(set(stratum.tolist())) != list(range(len(weights))):
        raise ValueError(f"strata must be 0 to {len(weights) - 1}, each with a question")
    if (weights < 0).any() or abs(float(weights.sum()) - 1.0) > 1e-9:
        raise ValueError(f"weights {weights.tolist()} do not add up to 1")
    allowed = (values >= 0) & (values <= 1) if exact else (values == 0) | (values == 1)
    if not allowed.all():
        raise ValueError("a value is neither 0 nor 1" if not exact else "a value lies outside [0, 1]")


def _effective(values: Float, cluster: Labels, level: float) -> float:
    """How many independent questions a stratum is worth; 0 where that cannot be told."""
    names, of = np.unique(cluster, return_inverse=True)
    n, clusters = len(values), len(names)
    if clusters == n:
        return float(n)
    if clusters < 2:
        return 0.0
    from scipy.special import ndtri, stdtrit

    rate = float(values.mean())
    worth = float(clusters)
    if 0.0 < rate < 1.0:
        totals = np.bincount(of.reshape(-1), values - rate)
        variance = clusters / (clusters - 1) * float((totals**2).sum()) / n**2
        worth = n / max(1.0, variance / (rate * (1 - rate) / n))
    tail = 0.5 + level / 2
    return worth * float(ndtri(tail) / stdtrit(clusters - 1, tail)) ** 2


def _correlation(residuals: Float, stratum: Labels, cluster: Labels, counts: Float) -> Float:
    """Correlation of the strata's rates through clusters that reach into several of them."""
    of = np.unique(cluster, return_inverse=True)[1].reshape(-1)
    totals = np.zeros((len(counts), int(of.max()) + 1))
    np.add.at(totals, (stratum, of), residuals / counts[stratum])
    covariance = totals @ totals.T
    spread = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = covariance / np.outer(spread, spread)
    correlation = np.clip(np.where(np.isfinite(correlation), correlation, 0.0), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    touched = np.zeros((len(counts), totals.shape[1]), dtype=bool)
    touched[stratum, of] = True
    shared = (touched.astype(np.int64) @ touched.T.astype(np.int64)) > 0
    return np.where(shared, correlation, 0.0)
