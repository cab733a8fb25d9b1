"""The share of images that are copies, from detector scores, corrected for false alarms and for copies missed."""

from __future__ import annotations

import numpy as np

from leaderboards.statistics.calibrated_rate import DRAWS, effective_count
from leaderboards.statistics.clustered_mean import MIN_CLUSTERS
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays


def copy_share(
    arrays: Arrays, *, seed: int, threshold: float, parts: str = "", level: float = 0.95, **_recorded: float | str
) -> Estimate:
    """(d - f) / (w - f) for the detected share d, the false-alarm rate f and the detection power w (Rogan & Gladen
    1978), cut to [0, 1].

    f is known from images that are no copies: the threshold is the j-th largest of their n scores, so a further such
    image lies above it with probability j / (n + 1), whatever the scores' distribution; given the threshold that
    probability is Beta(j, n + 1 - j). w is known from planted copies of several kinds.

    The interval is of percentiles over draws of d, f and w. d is drawn from Jeffreys' Beta with the effective number
    of images: their number, divided by the design effect of several images to a patient. w is that of a kind drawn at
    random, since nobody knows in which way a model alters what it copies.

    Args:
        arrays: score: float64[n]; cluster: int64[n], the patient of each image; false_alarms: int64[2], (j, n);
            planted: int64[kinds, 2], (detected, planted); group: int64[n] (optional), the part of each image.
        seed: of the draws. threshold: a score above it is a detection. parts: names of the parts, in order.

    Returns:
        The corrected share. Extras: detected (d) and the same by part (detected_NAME), false_alarm_rate (f), power (w),
        power_least (of the worst kind), clusters, effective_n.

    Raises:
        ValueError: arrays that do not fit each other, or no planted copies.
    """
    score, cluster = np.asarray(arrays["score"], np.float64), arrays["cluster"]
    alarms, planted = arrays["false_alarms"], arrays["planted"]
    if len(score) != len(cluster) or alarms.shape != (2,) or planted.ndim != 2 or planted.shape[1] != 2:
        raise ValueError(f"score {score.shape}, cluster {cluster.shape}, {alarms.shape}, {planted.shape} do not fit")
    if not 1 <= alarms[0] <= alarms[1] or not len(planted) or (planted[:, 1] < 1).any():
        raise ValueError("false alarms must be (j, n) with 1 <= j <= n, and every kind of copy must be planted")
    if not len(score):
        return undefined("no images")
    hits = score > threshold
    detected, n_alarm = float(hits.mean()), int(alarms[1])
    false_rate = float(alarms[0]) / (n_alarm + 1)
    powers = planted[:, 0] / planted[:, 1]
    power = float(planted[:, 0].sum() / planted[:, 1].sum())
    extra = {
        "detected": detected,
        "false_alarm_rate": false_rate,
        "power": power,
        "power_least": float(powers.min()),
        "clusters": float(len(np.unique(cluster))),
    }
    for number, part in enumerate(parts.split() if "group" in arrays else ()):
        extra[f"detected_{part}"] = float(hits[arrays["group"] == number].mean())
    if power - false_rate < 0.1:
        return Estimate(
            value=None, reason="planted copies are found no more often than images that are none", extra=extra
        )
    value = min(max((detected - false_rate) / (power - false_rate), 0.0), 1.0)
    if extra["clusters"] < MIN_CLUSTERS:
        reason = f"{extra['clusters']:.0f} patients; an interval needs {MIN_CLUSTERS}"
        return Estimate(value=value, interval_reason=reason, extra=extra)
    effective = effective_count(hits.astype(np.float64), cluster)
    rng = np.random.default_rng(seed)
    d = rng.beta(detected * effective + 0.5, (1 - detected) * effective + 0.5, DRAWS)
    f = rng.beta(float(alarms[0]), n_alarm + 1.0 - float(alarms[0]), DRAWS)
    kind = rng.integers(len(planted), size=DRAWS)
    found, missed = planted[kind, 0], planted[kind, 1] - planted[kind, 0]
    w = rng.beta(found + 0.5, missed + 0.5)
    shares = np.clip((d - f) / np.maximum(w - f, 0.05), 0.0, 1.0)
    low, high = (float(each) for each in np.quantile(shares, [0.5 - level / 2, 0.5 + level / 2]))
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        level=level,
        method="draws of detected share (Jeffreys, effective n), false-alarm rate and power",
        extra={**extra, "effective_n": effective},
    )
