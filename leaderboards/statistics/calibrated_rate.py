"""Share of images above a level that held-out images pass at a fixed rate, and what it says about the share of copies.

The level is the k-th largest of m held-out scores, k = floor(rate (m + 1)), at least 1. Whatever their distribution, a
further exchangeable score exceeds it with probability k / (m + 1) at most (split conformal prediction; Vovk et al.
2005), and given the level that probability is a draw of Beta(k, m + 1 - k). So its uncertainty is known without any
model.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.clustered_mean import MIN_CLUSTERS, wilson
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.mean_difference import clustered_moments
from leaderboards.statistics.registry import Arrays

Float = NDArray[np.float64]

RATE = 0.01
"""The false-alarm rate that is aimed at."""

DRAWS = 10_000


def level_of(held_out: Float, rate: float = RATE) -> tuple[float, int]:
    """The level and its rank k among held-out scores, one a patient.

    With fewer than 1 / rate - 1 of them the largest is taken, whose rate 1 / (m + 1) is above `rate`.

    Raises:
        ValueError: no scores.
    """
    if not len(held_out):
        raise ValueError("a level needs held-out scores")
    rank = max(1, math.floor(rate * (len(held_out) + 1) + 1e-9))
    return float(np.sort(held_out)[-rank]), rank


def effective_count(flags: Float, cluster: NDArray[np.int64]) -> float:
    """How many independent images the rate is worth: p (1 - p) / its variance by patient.

    Between the number of equal clusters and that of images: draws of one prompt may count as one, never as more.
    """
    moments = clustered_moments(flags, cluster)
    counts = np.bincount(np.unique(cluster, return_inverse=True)[1].reshape(-1)).astype(np.float64)
    fewest = float(counts.sum() ** 2 / (counts**2).sum())
    spread = moments.mean * (1.0 - moments.mean)
    if spread <= 0.0 or moments.variance <= 0.0:
        return fewest
    return float(np.clip(spread / moments.variance, fewest, len(flags)))


def calibrated_rate(
    arrays: Arrays, *, seed: int, rank: int, calibration: int, tails: bool = False, level: float = 0.95
) -> Estimate:
    """Share of scores above the level: Wilson's interval with the effective number of images.

    Args:
        arrays: scores: float64[n], higher is more suspicious; cluster: int64[n]; threshold: float64[1], the level.
            Optional: further_scores, further_cluster: a second set of images held to the same level; held_out:
            float64[m], the scores behind the level, where these may be stored.
        seed: of the draws behind the interval of `copies`. rank, calibration: k and m behind the level.
        tails: report the tail of the scores (a score a patient) in the extras.

    Returns:
        The estimate. extra: `false_alarm` = k / (m + 1); `copies` = (share - F) / (1 - F), at least 0, with `_low` and
        `_high` over share and F: the share of copies if every copy is above the level, a lower bound otherwise;
        `p_copies`, the exact probability of at least as many images above the level if none is a copy (`chance`), which
        keeps `copies_low` at 0 unless it is below the error of one side; `further`, the share of the further images;
        with tails `worst`, `p99`, `p95` with `p95_low` and `p95_high`
        (order statistics), `median`, `mean` and `held_out_worst`, `held_out_p95`.

    Raises:
        ValueError: arrays of different lengths, or ranks that no level has.
    """
    scores, cluster = np.asarray(arrays["scores"], np.float64), arrays["cluster"]
    if len(scores) != len(cluster):
        raise ValueError(f"{len(scores)} scores and {len(cluster)} clusters")
    if not 1 <= rank <= calibration:
        raise ValueError(f"rank {rank} of {calibration} held-out scores")
    if not len(scores):
        return undefined("no images")
    limit = float(arrays["threshold"].reshape(-1)[0])
    flags = (scores > limit).astype(np.float64)
    share, clusters = float(flags.mean()), len(np.unique(cluster))
    extra = {"false_alarm": rank / (calibration + 1), "threshold": limit, "clusters": float(clusters)}
    if "further_scores" in arrays and len(arrays["further_scores"]):
        extra["further"] = float((arrays["further_scores"] > limit).mean())
    if tails:
        extra |= _tails(scores, level)
        if "held_out" in arrays:
            extra |= {f"held_out_{name}": each for name, each in _tails(arrays["held_out"], level).items()
                      if name in ("worst", "p95", "median")}  # fmt: skip
    if clusters < MIN_CLUSTERS:
        reason = f"{clusters} patients; an interval needs {MIN_CLUSTERS}"
        return Estimate(value=share, interval_reason=reason, extra=extra)
    n = effective_count(flags, cluster)
    low, high = wilson(share, n, level)
    rng = np.random.default_rng(seed)
    alarm = rng.beta(rank, calibration + 1 - rank, DRAWS)
    shares = rng.beta(n * share + 0.5, n * (1.0 - share) + 0.5, DRAWS)
    copies = np.clip((shares - alarm) / (1.0 - alarm), 0.0, 1.0)
    extra["copies"] = max(0.0, (share - extra["false_alarm"]) / (1.0 - extra["false_alarm"]))
    extra["copies_low"], extra["copies_high"] = (
        float(each) for each in np.quantile(copies, [0.5 - level / 2, 0.5 + level / 2])
    )
    extra["p_copies"] = chance(share, n, rank, calibration)
    if extra["p_copies"] > 0.5 - level / 2:  # a few images above the level make the draws of shares too sure of copies
        extra["copies_low"] = 0.0
    if share == 1.0:  # the Beta of a full count stops short of 1
        extra["copies_high"] = 1.0
    method = "Wilson score with the effective number of images by patient; level fixed"
    se = math.sqrt(share * (1.0 - share) / n)
    return Estimate(share, low, high, se, level, method, extra=extra)


def chance(share: float, n: float, rank: int, calibration: int) -> float:
    """Probability that at least share x n of n exchangeable scores exceed the level of `level_of`: beta-binomial.

    Not whole numbers (n is an effective count) are rounded to the larger probability.
    """
    from scipy.stats import betabinom

    least = math.floor(share * n + 1e-9)
    return float(betabinom.sf(least - 1, max(math.ceil(n - 1e-9), 1), rank, calibration + 1 - rank))


def _tails(scores: Float, level: float) -> dict[str, float]:
    """The upper end of the scores; the interval of the 95th percentile is between order statistics."""
    from scipy.stats import binom

    ordered = np.sort(scores)
    n = len(ordered)
    found = {f"p{rank}": float(ordered[math.ceil(rank * n / 100) - 1]) for rank in (95, 99)}
    low, high = (int(each) for each in binom.ppf([0.5 - level / 2, 0.5 + level / 2], n, 0.95))
    found |= {"worst": float(ordered[-1]), "median": float(np.median(ordered)), "mean": float(ordered.mean())}
    # Where no order statistic is high enough to bound the percentile from above, the highest is all there is.
    return found | {"p95_low": float(ordered[max(low - 1, 0)]), "p95_high": float(ordered[min(high, n - 1)])}
