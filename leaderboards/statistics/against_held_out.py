"""A mean over images drawn for training prompts, beside what held-out prompts and held-out real images give."""

from __future__ import annotations

from dataclasses import replace

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.mean_difference import difference, part
from leaderboards.statistics.registry import Arrays

SIDES = {"controls": "controls_", "held_out_prompts": "generated_", "real": "real_"}
"""Name in the extras -> prefix of the arrays."""


def against_held_out(
    arrays: Arrays, *, seed: int, scale: float = 1.0, indicator: bool = False, level: float = 0.95
) -> Estimate:
    """Mean over images of training prompts, cluster bootstrap by patient; differences from the held-out sides.

    Args:
        arrays: values, cluster: of images drawn for training prompts. Optional, each with its cluster (and size, where
            values are means of blocks): controls_values, drawn the same way for held-out prompts; generated_values, one
            image a held-out prompt; real_values, held-out real images in place of generated ones. median and
            real_median: float64[1] each.
        seed: of the bootstrap. scale: of all numbers. indicator: values are 0 or 1.

    Returns:
        The estimate. extra: `controls`, `held_out_prompts`, `real` (means); `above_controls` and `above_real` (value
        less those) with `_low` and `_high`; `ratio_to_real` (of means); `ratio_of_medians`, where both are given.

    Raises:
        ValueError: arrays of different lengths.
    """
    own = {"values": arrays["values"], "cluster": arrays["cluster"]}
    estimate = clustered_mean(own, seed=seed, scale=scale, indicator=indicator, level=level)
    if estimate.value is None:
        return estimate
    mine = part(arrays, "")
    assert mine is not None
    extra = dict(estimate.extra)
    for name, prefix in SIDES.items():
        other = part(arrays, prefix)
        if other is None:
            continue
        extra[name] = scale * other.mean
        if name == "held_out_prompts":
            continue
        value, low, high, _ = (scale * each for each in difference(mine, other, level))
        extra |= {f"above_{name}": value, f"above_{name}_low": min(low, high), f"above_{name}_high": max(low, high)}
        if name == "real" and other.mean != 0.0:
            extra["ratio_to_real"] = mine.mean / other.mean
    if "median" in arrays and "real_median" in arrays and float(arrays["real_median"].reshape(-1)[0]) != 0.0:
        extra["ratio_of_medians"] = float(arrays["median"].reshape(-1)[0] / arrays["real_median"].reshape(-1)[0])
    return replace(estimate, extra=extra)
