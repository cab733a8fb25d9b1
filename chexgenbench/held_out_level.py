"""Scores held to a level that held-out images or prompts set, for metrics of the `calibrated_rate` estimator.

The level is that of `calibrated_rate.level_of`: a further held-out score exceeds it with a known probability, whatever
the scores are, so "suspicious" means the same for distances, correlations and cliques.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement
from leaderboards.statistics.calibrated_rate import level_of

Float = NDArray[np.float64]


def against_held_out(
    scores: Float,
    cluster: NDArray[np.int64],
    held_out: Float,
    seed: int,
    *,
    n_generated: int,
    n_reference: int,
    keep: bool = False,
    tails: bool = False,
    further: Mapping[str, NDArray[Any]] | None = None,
) -> Measurement:
    """Arrays and parameters of the `calibrated_rate` estimator.

    Args:
        scores: float64[n], higher is more suspicious. cluster: int64[n], the patient of each.
        held_out: float64[m], one score a patient that the generator has not seen; sets the level.
        seed: of the estimator's draws. n_generated, n_reference: what the result says it rests on.
        keep: store the held-out scores (not where they are numbers of single real images). tails: report the worst off.
        further: more arrays for the estimator.

    Raises:
        ValueError: no held-out scores.
    """
    threshold, rank = level_of(held_out)
    arrays: dict[str, NDArray[Any]] = {"scores": scores, "cluster": cluster, **(further or {})}
    if keep:
        arrays["held_out"] = held_out
    arrays["threshold"] = np.array([threshold])
    parameters: dict[str, Any] = {"seed": seed, "rank": rank, "calibration": len(held_out)}
    if tails:
        parameters["tails"] = True
    return Measurement(arrays, parameters, n_generated=n_generated, n_reference=n_reference)
