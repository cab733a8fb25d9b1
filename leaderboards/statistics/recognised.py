"""The share of prompts whose patient a re-identification network recognises, above what it does by mistake."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.calibrated_rate import effective_count
from leaderboards.statistics.clustered_mean import MIN_CLUSTERS
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

DRAWS = 20
"""Draws of a share for each of the thresholds that the calibration may have given."""


def recognised(
    arrays: Arrays,
    *,
    seed: int,
    value: Literal["excess", "rate"] = "excess",
    level: float = 0.95,
    **recorded: float | str,
) -> Estimate:
    """Share of training prompts above a threshold, or what it exceeds that of held-out prompts by.

    The interval is of percentiles over draws: of the threshold (bootstrap of its calibration) and, given it, of each
    share (Jeffreys' Beta with the effective number of prompts by patient). Both shares of an excess use one threshold.

    Args:
        arrays: scores, cluster: float64[n], int64[n], one score a training prompt; threshold: float64[1]; thresholds:
            float64[r], as its calibration might have come out. Optional: controls_scores, controls_cluster: of held-out
            prompts (needed for an excess).
        seed: of the draws. value: which of the two is the estimate.
        recorded: facts of the measurement; numbers among them are repeated in the extras.

    Returns:
        The estimate. extra: `rate`, `controls`, `threshold`, each with `_low` and `_high`; `average` and `maximum` of
        the scores; the numbers recorded.

    Raises:
        ValueError: arrays that do not fit each other.
    """
    scores, cluster = np.asarray(arrays["scores"], np.float64), arrays["cluster"]
    threshold, thresholds = float(arrays["threshold"].reshape(-1)[0]), arrays["thresholds"]
    if len(scores) != len(cluster) or not len(thresholds):
        raise ValueError(f"{len(scores)} scores, {len(cluster)} clusters, {len(thresholds)} thresholds")
    if not len(scores):
        return undefined("no prompts")
    tails = [0.5 - level / 2, 0.5 + level / 2]
    rng = np.random.default_rng(seed)
    share = float((scores > threshold).mean())
    drawn = _shares(scores, cluster, thresholds, rng)
    extra = {
        **{name: float(each) for name, each in recorded.items() if isinstance(each, float)},
        "rate": share,
        **dict(zip(("rate_low", "rate_high"), np.quantile(drawn, tails).tolist(), strict=True)),
        "threshold": threshold,
        **dict(zip(("threshold_low", "threshold_high"), np.quantile(thresholds, tails).tolist(), strict=True)),
        "average": float(scores.mean()),
        "maximum": float(scores.max()),
        "clusters": float(len(np.unique(cluster))),
    }
    clusters, centre = extra["clusters"], share
    if "controls_scores" in arrays and len(arrays["controls_scores"]):
        others, of = np.asarray(arrays["controls_scores"], np.float64), arrays["controls_cluster"]
        control = float((others > threshold).mean())
        by_mistake = _shares(others, of, thresholds, rng)
        extra["controls"] = control
        extra["controls_low"], extra["controls_high"] = np.quantile(by_mistake, tails).tolist()
        if value == "excess":
            centre, drawn = share - control, drawn - by_mistake
            clusters = min(clusters, float(len(np.unique(of))))
    elif value == "excess":
        return undefined("no held-out prompts to compare with")
    if clusters < MIN_CLUSTERS:
        return Estimate(
            value=centre, interval_reason=f"{clusters:.0f} patients; an interval needs {MIN_CLUSTERS}", extra=extra
        )
    low, high = (float(each) for each in np.quantile(drawn, tails))
    return Estimate(
        value=centre,
        low=min(low, centre),
        high=max(high, centre),
        level=level,
        method="draws of threshold (bootstrap by patient) and shares (Jeffreys, effective n)",
        extra=extra,
    )


def _shares(
    scores: NDArray[np.float64], cluster: NDArray[np.int64], thresholds: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """float64[thresholds * DRAWS]: shares as they might have come out, threshold by threshold."""
    # Thresholds between the same two scores give the same hits.
    place = np.searchsorted(np.sort(scores), thresholds, side="right")
    found, which = np.unique(place, return_inverse=True)
    worth = np.empty((len(found), 2))
    for row in range(len(found)):
        hits = (scores > thresholds[which == row][0]).astype(np.float64)
        worth[row] = hits.mean(), effective_count(hits, cluster)
    rate, n = worth[which.reshape(-1)].T[:, :, None]
    return rng.beta(rate * n + 0.5, (1.0 - rate) * n + 0.5, (len(thresholds), DRAWS)).reshape(-1)
