"""The difference of two results of one metric, paired by case wherever the stored arrays allow it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from leaderboards.records.schema import MetricResult
from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

SEED = 0
"""Of every resampling here: the same two results always differ by the same interval."""


class Scored(NamedTuple):
    """A result with the arrays it was computed from (None where none are stored)."""

    result: MetricResult
    arrays: Arrays | None


class Difference(NamedTuple):
    """Attributes: estimate: a less b, with `p` in its extras where there is one. paired: whether by case."""

    estimate: Estimate
    paired: bool

    @property
    def p(self) -> float | None:
        """Two-sided p-value of no difference."""
        return self.estimate.extra.get("p")


def difference(a: Scored, b: Scored) -> Difference:
    """Result a less result b.

    Paired by patient for means and rates, Frechet distances, kernel distances, pair choices and classifier scores, by
    question for rates over tasks. A result without stored arrays, or of an estimator that cannot be paired, is compared
    by the two standard errors as if the models had been asked different cases (conservative where they agree on which
    cases are hard).

    Raises:
        ValueError: the two are not of one metric, group, variant and estimator.
    """
    for field in ("metric", "group", "variant", "estimator"):
        if getattr(a.result, field) != getattr(b.result, field):
            raise ValueError(
                f"{field} {getattr(a.result, field)!r} cannot be compared with {getattr(b.result, field)!r}"
            )
    if a.result.value is None or b.result.value is None:
        return Difference(undefined("one of the two is undefined"), False)
    pair = PAIRED.get(a.result.estimator)
    if pair is not None and a.arrays is not None and b.arrays is not None:
        with one_thread():
            found = pair(a, b)
        if found is not None:
            return Difference(found, True)
    return Difference(_unpaired(a.result, b.result), False)


def _unpaired(a: MetricResult, b: MetricResult) -> Estimate:
    assert a.value is not None
    assert b.value is not None
    errors = [_error(a), _error(b)]
    value = a.value - b.value
    if a.estimator == "permutation":  # its standard error is that of the random permutations, not of the images
        return Estimate(value=value, interval_reason="p-values of two models are not tested against each other")
    if errors[0] is None or errors[1] is None:
        return Estimate(value=value, interval_reason="one of the two has no standard error, and they cannot be paired")
    return _normal(value, value, math.hypot(errors[0], errors[1]), "two independent standard errors")


def _error(result: MetricResult) -> float | None:
    if result.se is not None:
        return result.se
    if result.low is None or result.high is None:
        return None
    from scipy.special import ndtri

    return (result.high - result.low) / (2 * float(ndtri(0.5 + result.level / 2)))


def _normal(value: float, centre: float, se: float, method: str, degrees: float | None = None) -> Estimate:
    """Interval and p-value around `centre`, Student's t where degrees of freedom are given."""
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    if se == 0.0:
        p = 1.0 if centre == 0.0 else 0.0
        return Estimate(value=value, interval_reason="no standard error", method=method, extra={"p": p})
    z = abs(centre) / se
    quantile = float(ndtri(0.975)) if degrees is None else float(stdtrit(degrees, 0.975))
    p = 2 * float(ndtr(-z)) if degrees is None else 2 * float(stdtr(degrees, -z))
    return Estimate(value, centre - quantile * se, centre + quantile * se, se, 0.95, method, extra={"p": p})


def _means(name: Callable[[Scored], np.ndarray]) -> Callable[[Scored, Scored], Estimate | None]:
    """Pair two means over images: `name` gives the values of a side."""

    def pair(a: Scored, b: Scored) -> Estimate | None:
        from leaderboards.statistics.paired_mean import paired_mean

        assert a.arrays is not None
        assert b.arrays is not None
        one, other = name(a), name(b)
        if len(one) != len(other) or not _equal(a.arrays, b.arrays, "cluster", "size"):
            return None
        weight = np.asarray(a.arrays["size"], np.float64) if "size" in a.arrays else None
        return paired_mean(one, other, a.arrays["cluster"], seed=SEED, weight=weight)

    return pair


def _scaled(key: str) -> Callable[[Scored], np.ndarray]:
    def values(scored: Scored) -> np.ndarray:
        assert scored.arrays is not None
        scale = float(scored.result.parameters.get("scale", 1.0))
        return scale * np.asarray(scored.arrays[key], np.float64)

    return values


def _hits(scored: Scored) -> np.ndarray:
    assert scored.arrays is not None
    return np.asarray(scored.arrays[f"hit_{scored.result.parameters['k']}"], np.float64)


def _above(scored: Scored) -> np.ndarray:
    assert scored.arrays is not None
    scores = np.asarray(scored.arrays["scores"], np.float64)
    return (scores > float(scored.arrays["threshold"].reshape(-1)[0])).astype(np.float64)


def _frechet(a: Scored, b: Scored) -> Estimate | None:
    from leaderboards.statistics.frechet import frechet_difference

    assert a.arrays is not None
    assert b.arrays is not None
    try:
        found = frechet_difference(a.arrays, b.arrays)
    except ValueError:
        return None
    if found.se is None or found.value is None:
        return found
    from scipy.special import ndtr

    p = 2 * float(ndtr(-abs(found.extra["bias_corrected"]) / found.se)) if found.se > 0 else 1.0
    return Estimate(
        found.value, found.low, found.high, found.se, found.level, found.method, extra={**found.extra, "p": p}
    )


def _left_out(a: Scored, b: Scored, value: Callable[[Any, Any], Any]) -> Estimate | None:
    """Delete-one-patient jackknife of the difference of two statistics that are ratios of sums over pairs."""
    replicates = []
    for side in (a, b):
        assert side.arrays is not None
        left = side.arrays["total_count"] - side.arrays["removed_count"]
        if (left <= 0).any():
            return None
        replicates.append(value(side.arrays["total_sum"] - side.arrays["removed_sum"], left))
    if replicates[0].shape != replicates[1].shape or len(replicates[0]) < 10:
        return None
    assert a.result.value is not None
    assert b.result.value is not None
    gap = a.result.value - b.result.value
    units = len(replicates[0])
    moved = replicates[0] - replicates[1] - gap
    se = math.sqrt((units - 1) / units * float((moved**2).sum()))
    return _normal(gap, gap, se, "paired delete-one-patient jackknife, Student t", units - 1)


def _kernel(a: Scored, b: Scored) -> Estimate | None:
    from leaderboards.statistics.mmd import WEIGHTS

    assert a.arrays is not None
    assert b.arrays is not None
    if not _equal(a.arrays, b.arrays, "size"):
        return None
    return _left_out(a, b, lambda sums, counts: (sums / counts) @ WEIGHTS)


def _choices(a: Scored, b: Scored) -> Estimate | None:
    return _left_out(a, b, lambda sums, counts: sums / counts)


def _classified(a: Scored, b: Scored) -> Estimate | None:
    """Both first arms as the two arms of one comparison: the same test patients in every bootstrap sample."""
    from leaderboards.statistics.registry import estimate

    assert a.arrays is not None
    assert b.arrays is not None
    if not _equal(a.arrays, b.arrays, "truth", "cluster"):
        return None
    first = [str(side.result.parameters["arms"]).split("|")[0] for side in (a, b)]
    one, other = a.arrays[first[0]], b.arrays[first[1]]
    if one.shape != other.shape:
        return None
    shared = {key: a.arrays[key] for key in ("truth", "cluster")}
    parameters: Mapping[str, Any] = {**a.result.parameters, "arms": "a|b", "baseline": "b", "by_label": False}
    parameters = {"statistic": "auroc", **parameters}
    found = estimate("classification", {**shared, "a": one, "b": other}, parameters)
    gap = found.extra.get("a_minus_b")
    if gap is None:
        return None
    low, high = found.extra.get("a_minus_b_low"), found.extra.get("a_minus_b_high")
    if low is None or high is None:
        return Estimate(value=gap, interval_reason=found.interval_reason)
    se = (high - low) / (2 * 1.959964)
    p = _normal(gap, gap, se, "").extra["p"]
    return Estimate(gap, low, high, se, method="paired bootstrap over test patients and trainings", extra={"p": p})


def _strata(a: Scored, b: Scored) -> Estimate | None:
    """Rates over tasks, paired by question; those that only one of the two answered are left out."""
    from leaderboards.statistics.paired_rate import paired_rate

    assert a.arrays is not None
    assert b.arrays is not None
    keys = ("stratum", "cluster", "weights", "question", "chance")
    if a.result.parameters.get("exact") or any(key not in side.arrays for side in (a, b) for key in keys[:4]):  # type: ignore[operator]
        return None
    shared, left, right = np.intersect1d(a.arrays["question"], b.arrays["question"], return_indices=True)
    stratum = np.asarray(a.arrays["stratum"])[left]
    strata = len(a.arrays["weights"])
    same = strata == len(b.arrays["weights"]) and np.array_equal(stratum, np.asarray(b.arrays["stratum"])[right])
    if not same or len(np.unique(stratum)) != strata:
        return None
    counts = np.bincount(stratum, minlength=strata)
    micro = a.result.parameters.get("average") == "micro"
    weights = counts / counts.sum() if micro else np.asarray(a.arrays["weights"], np.float64)
    if "chance" in a.arrays:
        chance = np.bincount(stratum, np.asarray(a.arrays["chance"], np.float64)[left], strata) / counts
        weights = weights / (1.0 - chance)
    found = paired_rate(
        {
            "first": np.asarray(a.arrays["values"], np.float64)[left],
            "second": np.asarray(b.arrays["values"], np.float64)[right],
            "stratum": stratum,
            "cluster": np.asarray(a.arrays["cluster"])[left],
            "weights": weights,
        },
        seed=SEED,
    )
    if len(shared) == len(a.arrays["question"]) == len(b.arrays["question"]):
        return found
    return replace(found, method=f"{found.method}; on the {len(shared)} questions that both answered")


def _equal(a: Arrays, b: Arrays, *keys: str) -> bool:
    return all((key in a) == (key in b) and (key not in a or np.array_equal(a[key], b[key])) for key in keys)


PAIRED: dict[str, Callable[[Scored, Scored], Estimate | None]] = {
    "clustered_mean": _means(_scaled("values")),
    "against_held_out": _means(_scaled("values")),
    "image_text": _means(_scaled("values")),
    "recall_at_k": _means(_hits),
    "calibrated_rate": _means(_above),
    "frechet": _frechet,
    "mmd": _kernel,
    "pair_choice": _choices,
    "classification": _classified,
    "label_consistency": _classified,
    "stratified_rate": _strata,
}
"""Estimator -> how two of its results are paired; None from it means that these two cannot be."""
