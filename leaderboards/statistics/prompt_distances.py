"""Distances of generated images to the real image of their prompt, beside those of held-out prompts."""

from __future__ import annotations

from dataclasses import replace

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.mean_difference import clustered_moments, difference
from leaderboards.statistics.registry import Arrays

KINDS = ("values", "minimum")
"""Arrays: the mean over the draws of a prompt, and the smallest."""


def prompt_distances(
    arrays: Arrays, *, seed: int, scale: float = 1.0, level: float = 0.95, **_recorded: float | str
) -> Estimate:
    """The mean over training prompts of the mean distance of their draws, cluster bootstrap by patient.

    Args:
        arrays: values, minimum: float64[prompts], mean and smallest distance over a prompt's draws; cluster: int64[.].
            Optional, the same for held-out prompts: controls_values, controls_minimum, controls_cluster.
        seed: of the bootstrap. scale: of all numbers.

    Returns:
        The estimate. extra: `minimum`; `controls`, `controls_minimum`; `above_controls`, `minimum_above_controls` with
        `_low` and `_high`: training less held-out prompts. Below 0 throughout: training prompts bring out their own
        image.

    Raises:
        ValueError: arrays of different lengths.
    """
    cluster = arrays["cluster"]
    found = clustered_mean({"values": arrays["values"], "cluster": cluster}, seed=seed, scale=scale, level=level)
    if found.value is None:
        return found
    extra = dict(found.extra)
    for kind in KINDS:
        mine = clustered_moments(arrays[kind], cluster)
        stem = "" if kind == "values" else "minimum_"
        if kind == "minimum":
            extra["minimum"] = scale * mine.mean
        if f"controls_{kind}" not in arrays or not len(arrays[f"controls_{kind}"]):
            continue
        other = clustered_moments(arrays[f"controls_{kind}"], arrays["controls_cluster"])
        value, low, high, _ = (scale * each for each in difference(mine, other, level))
        extra["controls" if kind == "values" else "controls_minimum"] = scale * other.mean
        extra |= {f"{stem}above_controls": value, f"{stem}above_controls_low": low, f"{stem}above_controls_high": high}
    return replace(found, extra=extra)
