"""Share of prompts that a model could not read to their end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import Arrays


def prompts_cut(arrays: Arrays, *, seed: int, level: float = 0.95, **_recorded: float | str) -> Estimate:
    """Mean of an indicator with a cluster bootstrap by patient (the `clustered_mean` estimator), and the counts.

    Args:
        arrays: cut: float64[prompts], 1 where a prompt is longer than its model reads; cluster: int64[prompts];
            limits: int64[k], numbers of tokens; over: int64[k], how many prompts are longer than each;
            longest: int64[1], tokens of the longest prompt; cut_short: int64[1] (optional), how many prompts the
            shortest of several text encoders cannot read to their end.
        seed: of the resampling. level: of the interval.

    Returns:
        The estimate. extra: `prompts`, `cut`, `longest`, `over_<limit>`, and `cut_short` where there is one.

    Raises:
        ValueError: arrays that do not fit, or a count that no set of these prompts has.
    """
    cut = np.asarray(arrays["cut"], np.float64)
    limits, over = np.asarray(arrays["limits"]), np.asarray(arrays["over"])
    if len(limits) != len(over):
        raise ValueError(f"{len(limits)} limits and {len(over)} counts")
    short = {"cut_short": arrays["cut_short"]} if "cut_short" in arrays else {}
    for name, counts in {"over": over, **short}.items():
        if len(counts) and (counts.min() < 0 or counts.max() > len(cut)):
            raise ValueError(f"{name} counts {counts.tolist()} of {len(cut)} prompts")
    found = clustered_mean({"values": cut, "cluster": arrays["cluster"]}, seed=seed, level=level, indicator=True)
    counted = {"prompts": len(cut), "cut": cut.sum(), "longest": arrays["longest"][0]}
    counted |= {f"over_{limit}": count for limit, count in zip(limits, over, strict=True)}
    counted |= {name: count[0] for name, count in short.items()}
    return replace(found, extra={**found.extra, **{name: float(count) for name, count in counted.items()}})
