"""Memorisation-informed Frechet distance: the distance over how far generated images keep from the training set."""

from __future__ import annotations

import math

import numpy as np

from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.frechet import frechet
from leaderboards.statistics.mean_difference import part
from leaderboards.statistics.registry import Arrays

EPSILON = 1e-14
"""Added to the penalty, as torchmetrics does: a generator of exact copies has a huge value, not an infinite one."""

PUBLISHED_THRESHOLD = 0.1
"""Mean cosine distances from here on carry no penalty in the published definition."""

NEGLIGIBLE = 1e-8
"""Frechet distances below this count as 0, as torchmetrics has it."""


def mifid(arrays: Arrays, *, interval: bool = True, level: float = 0.95) -> Estimate:
    """Frechet distance / penalty, penalty = min(1, mean cosine distance of generated images / of held-out real ones).

    Args:
        arrays: those of `frechet`; cosine_values, cosine_cluster: float64[n], of each generated image to its nearest
            training image; real_values, real_cluster (real_size): the same of held-out real images.

    Returns:
        value: with the plain Frechet distance. low, high: the Frechet interval over the penalty, widened by the
        penalty's own error (delta method on the logarithm). extra: `frechet`, `penalty`, `cosine`, `real_cosine`;
        `published`, with Bai et al.'s penalty (the mean cosine distance itself, 1 if it is 0.1 or more).

    Raises:
        ValueError: malformed arrays.
    """
    own, real = part(arrays, "cosine_"), part(arrays, "real_")
    if own is None or real is None:
        raise ValueError("mifid needs cosine distances of generated and of held-out real images")
    base = frechet(
        {name: each for name, each in arrays.items() if not name.startswith(("cosine_", "real_"))}, interval=interval
    )
    if base.value is None:
        return base
    ratio = own.mean / real.mean if real.mean > 0.0 else 1.0
    penalty = min(1.0, ratio)
    threshold = own.mean if own.mean < PUBLISHED_THRESHOLD else 1.0
    plain = base.value if base.value > NEGLIGIBLE else 0.0
    extra = {
        **base.extra,
        "frechet": base.value,
        "penalty": penalty,
        "cosine": own.mean,
        "real_cosine": real.mean,
        "published": plain / (threshold + EPSILON),
    }
    scale = 1.0 / (penalty + EPSILON)
    if "bias_corrected" in extra:
        extra["bias_corrected"] *= scale
    extra.pop("infinity", None)
    value = scale * plain
    centre = extra.get("bias_corrected")
    if base.low is None or base.high is None or base.se is None or centre is None:
        return Estimate(value=value, interval_reason=base.interval_reason, extra=extra)
    error = 0.0
    if ratio < 1.0 and own.mean > 0.0:
        error = math.sqrt(own.variance / own.mean**2 + real.variance / real.mean**2)
    wider = math.hypot(1.0, error * abs(centre) / (scale * base.se)) if base.se > 0.0 else 1.0
    half = scale * (base.high - base.low) / 2.0 * wider
    method = f"{base.method}; penalty by patient"
    se = float(np.hypot(scale * base.se, error * abs(centre)))
    return Estimate(value, centre - half, centre + half, se, level, method, extra=extra)
