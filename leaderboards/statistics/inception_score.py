"""Inception score from class-probability sums, with a patient jackknife."""

from __future__ import annotations

import math

import numpy as np

from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.kernel_tiles import Float
from leaderboards.statistics.registry import Arrays

MIN_UNITS = 10
"""Fewer units (patients, or blocks of patients) than this give no interval."""


def inception_score(arrays: Arrays, *, level: float = 0.95) -> Estimate:
    """exp E KL(p(y | x) || p(y)) (Salimans et al. 2016), p(y) being the mean over all images: no splits.

    In terms of entropies it is exp(H(mean p) - mean H(p)), so per-unit sums of p and of the entropies are sufficient.
    The plug-in estimate is biased downward by about (classes in use - 1) / (2n) in its logarithm, because the entropy
    of an average of few images is too small; `extra["bias_corrected"]` is the jackknife's correction of that. The
    interval is Student's t around the corrected logarithm, deleting a unit at a time.

    Args:
        arrays: class_sums: float32 or float64[units, classes], sums of p(y | x) over a unit's images;
            negative_entropy: float64[units], sums of sum_y p log p; count: int64[units], images.

    Raises:
        ValueError: shapes that do not fit, or probabilities that do not add up to the number of images.
    """
    sums, negative = np.asarray(arrays["class_sums"], np.float64), np.asarray(arrays["negative_entropy"], np.float64)
    count = np.asarray(arrays["count"], np.float64)
    if sums.ndim != 2 or len(sums) != len(negative) or len(sums) != len(count):
        raise ValueError(f"class sums {sums.shape}, entropies {negative.shape} and counts {count.shape} do not fit")
    if not len(sums):
        return undefined("no images")
    if not np.allclose(sums.sum(axis=1), count, rtol=1e-5):
        raise ValueError("the probabilities of a unit do not add up to its number of images")
    total, entropy, n = sums.sum(axis=0), float(negative.sum()), float(count.sum())
    log_score = _log_score(total[None], np.array([entropy]), np.array([n]))[0]
    value, units = math.exp(log_score), len(count)
    if units < MIN_UNITS:
        reason = f"{units} patients or blocks of patients; an interval needs {MIN_UNITS}"
        return Estimate(value=value, interval_reason=reason)
    from leaderboards.statistics.jackknife import jackknife

    deleted = _log_score(total - sums, entropy - negative, n - count)
    result = jackknife(log_score, deleted, count / n)
    low, high = result.interval(level)
    return Estimate(
        value=value,
        low=math.exp(low),
        high=math.exp(high),
        se=value * result.se,
        level=level,
        method="delete-a-block jackknife of the logarithm, bias corrected",
        extra={"bias_corrected": math.exp(result.corrected)},
    )


def _log_score(sums: Float, negative_entropy: Float, n: Float) -> Float:
    marginal = np.clip(sums, 0.0, None) / n[:, None]
    safe = np.where(marginal > 0, marginal, 1.0)
    # A divergence is never negative; that of equal probabilities rounds to either side of 0.
    return np.maximum(negative_entropy / n - (marginal * np.log(safe)).sum(axis=1), 0.0)
