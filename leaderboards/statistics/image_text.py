"""Mean similarity of images and their prompts, beside that of images and the prompts of others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.placements import placements
from leaderboards.statistics.registry import Arrays


def image_text(
    arrays: Arrays, *, seed: int, replicates: int = 2000, level: float = 0.95, **recorded: float | str
) -> Estimate:
    """The mean of the matched similarities with a cluster bootstrap by patient.

    Args:
        arrays: values: float64[n], similarity of each image and its own prompt; mismatched: float64[n] (optional),
            of each image and the prompt of another case; cluster, size: as for `clustered_mean`.
        seed, replicates, level: as for `clustered_mean`.

    Returns:
        The estimate. extra: "mismatched", their mean; "gap", matched less mismatched; and, where the arrays hold
        single images, "auroc", the share of (matched, mismatched) pairs in the right order, ties one half.

    Raises:
        ValueError: arrays of different lengths.
    """
    found = clustered_mean(arrays, seed=seed, replicates=replicates, level=level, **recorded)  # type: ignore[arg-type]
    if "mismatched" not in arrays or found.value is None:
        return found
    mismatched = np.asarray(arrays["mismatched"], np.float64)
    if len(mismatched) != len(arrays["values"]):
        raise ValueError(f"{len(mismatched)} mismatched similarities beside {len(arrays['values'])} matched ones")
    size = np.asarray(arrays["size"] if "size" in arrays else np.ones(len(mismatched)), np.float64)
    mean = float(mismatched @ size / size.sum())
    extra = {**found.extra, "mismatched": mean, "gap": found.value - mean}
    if "size" not in arrays:
        extra["auroc"] = float(placements(np.asarray(arrays["values"], np.float64), mismatched).mean())
    return replace(found, extra=extra)
