"""What a metric can be: a record whose numbers lie outside is refused before anything is recomputed.

An estimator bounds all its metrics; where one estimator serves many kinds of number (a mean of anything), the metric
does. The ends of an interval may lie outside the values: that of an unbiased or bias-corrected number is centred where
the number would be without its bias, and a Student interval knows no bounds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

INF = math.inf
SLACK = 1e-9
"""Rounding: a mean of ones may come out as 1.0000000000000002."""


class Range(NamedTuple):
    """Attributes: low, high: of the value. ends: of both ends of its interval. counts: at most n_generated."""

    low: float = -INF
    high: float = INF
    ends: tuple[float, float] | None = None
    counts: bool = False


ANY = Range()
SHARE = Range(0.0, 1.0)
LOOSE_SHARE = Range(0.0, 1.0, (-1.0, 2.0))
DIFFERENCE = Range(-1.0, 1.0)
COSINE = Range(-1.0, 1.0)
DISTANCE = Range(0.0)
UNBIASED_DISTANCE = Range(0.0, INF, (-INF, INF))

ESTIMATORS: dict[str, Range] = {
    "frechet": UNBIASED_DISTANCE,
    "log_frechet": ANY,
    "frechet_sharded": DISTANCE,
    "mifid": UNBIASED_DISTANCE,
    "mmd": ANY,  # unbiased, so it falls below 0 about as often as above where the two sides are alike
    "permutation": SHARE,
    "vendi": Range(1.0, INF, None, counts=True),
    "fld": ANY,
    "inception_score": Range(1.0, INF, (0.0, INF)),
    "stratified_rate": SHARE,
    "paired_rate": Range(-1.0, 1.0, (-INF, INF)),
    "position_bias": SHARE,
    "image_text": COSINE,
    "pair_choice": SHARE,
    "recall_at_k": SHARE,
    "label_consistency": LOOSE_SHARE,
    "classification": LOOSE_SHARE,
    "classification_gap": Range(0.0, 1.0, (-2.0, 2.0)),
    "segmentation": SHARE,
    "calibrated_rate": SHARE,
    "copy_share": SHARE,
    "auroc": SHARE,
    "noise_gap": SHARE,
    "prompts_cut": SHARE,
    "recognised": DIFFERENCE,
    "ct_score": ANY,
    "prompt_distances": DISTANCE,
    "clustered_mean": ANY,
    "scalar": ANY,
    "against_held_out": ANY,
    "mean_difference": ANY,
    "report_scores": ANY,
}
"""Estimator -> what it can give for any metric."""

GENERIC = frozenset(("clustered_mean", "scalar", "against_held_out", "mean_difference", "report_scores"))
"""Estimators of any kind of number: each of their metrics has a line of its own below."""

METRICS: dict[tuple[str, str], Range] = {
    ("clustered_mean", "precision"): SHARE,
    ("clustered_mean", "recall"): SHARE,
    ("clustered_mean", "density"): DISTANCE,
    ("clustered_mean", "coverage"): SHARE,
    ("clustered_mean", "ms_ssim_diversity"): COSINE,
    ("clustered_mean", "alignment"): COSINE,
    ("scalar", "kid"): ANY,
    ("scalar", "inception_score"): Range(1.0),
    ("scalar", "extraction"): SHARE,
    ("scalar", "latent_distance"): DISTANCE,
    ("scalar", "pixel_distance"): Range(0.0, 255.0),
    ("scalar", "reid_avg"): SHARE,
    ("scalar", "reid_max"): SHARE,
    ("scalar", "reid_count"): Range(0.0, INF, None, counts=True),
    ("against_held_out", "nn_distance"): DISTANCE,
    ("against_held_out", "authpct"): Range(0.0, 100.0),
    ("mean_difference", "fld_gap"): ANY,
    ("mmd", "mmd_rbf"): Range(-2.0, 2.0, (-INF, INF)),  # each mean of a kernel in (0, 1] lies in it
    ("prompt_distances", "pixel_distance"): Range(0.0, 255.0),
    ("recognised", "reid_rate"): SHARE,
    ("stratified_rate", "accuracy_above_chance"): Range(-INF, 1.0),
    ("report_scores", "report_label_f1"): SHARE,
    ("report_scores", "report_bleu1"): SHARE,
    ("report_scores", "report_bleu4"): SHARE,
    ("report_scores", "report_rouge_l"): SHARE,
    ("report_scores", "report_chexbert"): SHARE,
    ("report_scores", "report_radgraph"): SHARE,
    ("report_scores", "report_bertscore"): COSINE,
    ("report_scores", "report_ratescore"): SHARE,
    ("report_scores", "report_green"): SHARE,
}
"""(estimator, metric without its encoder) -> a narrower range than the estimator's, or a wider one."""


def range_of(metric: str, estimator: str) -> Range:
    """The range of a metric such as "kid_lite0": by the longest name in METRICS, else by its estimator, else any."""
    parts = metric.split("_")
    for length in range(len(parts), 0, -1):
        if (found := METRICS.get((estimator, "_".join(parts[:length])))) is not None:
            return found
    return ESTIMATORS.get(estimator, ANY)


def problem(
    metric: str,
    estimator: str,
    *,
    value: float | None,
    low: float | None,
    high: float | None,
    se: float | None,
    level: float,
    n_generated: int,
    scale: float = 1.0,
) -> str | None:
    """Why these numbers cannot be: names the metric, the number and its range; None if they can.

    Args:
        scale: the parameter of `report_scores` by which published report scores are percent.
    """
    allowed = range_of(metric, estimator)
    if estimator == "report_scores" and scale > 0:
        allowed = allowed._replace(low=scale * allowed.low, high=scale * allowed.high)
    top = min(allowed.high, float(n_generated)) if allowed.counts else allowed.high
    bounds = {"value": (value, allowed.low, top)}
    ends = allowed.ends if allowed.ends is not None else (allowed.low, top)
    bounds |= {"low": (low, *ends), "high": (high, *ends), "se": (se, 0.0, INF)}
    for name, (number, least, most) in bounds.items():
        if number is not None and not _within(number, least, most):
            return f"{name} {number!r} of {metric} is outside {_text(least, most)}"
    if not 0.0 < level < 1.0:
        return f"level {level!r} of {metric} is outside (0, 1)"
    if low is not None and high is not None and low > high:
        return f"the interval of {metric} ends ({high!r}) before it starts ({low!r})"
    return None


def _within(number: float, least: float, most: float) -> bool:
    slack = SLACK * max(1.0, abs(number))
    return least - slack <= number <= most + slack


def _text(least: float, most: float) -> str:
    left = "(-inf" if math.isinf(least) else f"[{least:g}"
    return f"{left}, " + ("inf)" if math.isinf(most) else f"{most:g}]")
