"""Estimator of Frechet distances: value, bias-corrected value, jackknife interval, and the limit of many images.

The plain distance is biased upward by an amount that grows as n falls (Chong and Forsyth 2020), so an interval around
it would be an interval for nothing of interest. The interval given here is for the distance of the two *populations*,
which the plain distance approaches as n grows: it is centred on the bias-corrected value and may exclude the plain one.
The percentile bootstrap is not used: it lowers the number of distinct images and so moves away from its target.
"""

from __future__ import annotations

import numpy as np

from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.frechet_distance import frechet_distance
from leaderboards.statistics.frechet_pair import FrechetPair, admit, required_count
from leaderboards.statistics.frechet_sides import sides_of
from leaderboards.statistics.jackknife import jackknife
from leaderboards.statistics.registry import Arrays

METHOD = "delete-a-block jackknife around the bias-corrected distance"


def frechet(arrays: Arrays, *, interval: bool = True, level: float = 0.95) -> Estimate:
    """Frechet distance of generated and reference features (squared, as FID is reported; lower is closer).

    Args:
        arrays: `generated` float32[n, d] and `generated_block` int[n]; and either `reference` float32[m, d] and
            `reference_block` int[m], or, for a credentialed reference, the moments of its blocks: `reference_count`
            int[b], `reference_sum` float64[b, d] and `reference_outer` float64[b, d, d]. The generated side may be
            given as moments likewise. A block holds whole patients (leaderboards.statistics.blocks), the same ones on
            both sides.
        interval: False for protocols that have none.

    Returns:
        value: the plain distance with unbiased covariances. low, high, se: for the populations' distance (see the
        module), or None with `interval_reason`. extra: `bias_corrected`; `infinity`, the intercept of a line through
        the distances of growing prefixes of blocks against 1/n, where half of the images are enough for an interval;
        `effective_generated` and `effective_reference`, the numbers of independent images that the rule looked at.

    Cost: O(n d^2 + b d^3) where an interval is given, else O(min(n, d) n d); memory O(n d + d^2).

    Raises:
        ValueError: malformed arrays.
    """
    generated, reference = sides_of(arrays)
    counts = (int(generated.count.sum()), int(reference.count.sum()))
    if min(counts) < 2:
        return undefined(f"a covariance needs 2 images on either side; there are {counts[0]} and {counts[1]}")
    with one_thread():
        value = frechet_distance(reference.gaussian(), generated.gaussian())
    if not interval:
        return Estimate(value=value, interval_reason="this protocol gives no interval")
    extra, reason = admit(generated, reference)
    if reason:
        return Estimate(value=value, interval_reason=reason, extra=extra)
    pair = FrechetPair(generated, reference)
    result = jackknife(value, pair.deleted(), pair.share)
    if min(extra.values()) >= 2 * required_count(pair.dimension):
        extra["infinity"] = pair.infinity()
    extra["bias_corrected"] = result.corrected
    low, high = result.interval(level)
    return Estimate(value, low, high, result.se, level, METHOD, extra=extra)


def frechet_difference(a: Arrays, b: Arrays, *, level: float = 0.95) -> Estimate:
    """Distance of model `a` less that of model `b` on one split, by a paired jackknife (negative: `a` is closer).

    Args:
        a, b: arrays as for `frechet`, with the same reference and the same blocks of patients.

    Returns:
        value: difference of the plain distances. low, high, se: for the difference of the populations' distances,
        around extra["bias_corrected"]; None with a reason where either model has no interval of its own.

    Raises:
        ValueError: malformed arrays, or the two do not share reference and blocks.
    """
    for name in sorted(name for name in {*a, *b} if name.startswith("reference")):
        if name not in a or name not in b or not np.array_equal(a[name], b[name]):
            raise ValueError(f"a paired difference needs the same reference on both sides; {name} differs")
    both = [sides_of(arrays) for arrays in (a, b)]
    if min(int(side.count.sum()) for sides in both for side in sides) < 2:
        return undefined("a covariance needs 2 images on either side")
    with one_thread():
        values = [frechet_distance(reference.gaussian(), generated.gaussian()) for generated, reference in both]
    difference = values[0] - values[1]
    if reason := admit(*both[0])[1] or admit(*both[1])[1]:
        return Estimate(value=difference, interval_reason=reason)
    pairs = [FrechetPair(*sides) for sides in both]
    if not np.array_equal(pairs[0].used, pairs[1].used):
        raise ValueError("a paired difference needs the same blocks of patients for both models")
    deleted = [pair.deleted() for pair in pairs]
    result = jackknife(difference, deleted[0] - deleted[1], (pairs[0].share + pairs[1].share) / 2)
    low, high = result.interval(level)
    return Estimate(difference, low, high, result.se, level, METHOD, extra={"bias_corrected": result.corrected})
