"""How well segmentation networks that were trained in different ways outline the same test images."""

from __future__ import annotations

import numpy as np

from leaderboards.statistics.classification import summary
from leaderboards.statistics.classification_scores import Float
from leaderboards.statistics.classification_tables import bootstrapped
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

LEAST = 10
"""Fewer test images that show a structure leave it out of the mean."""


def segmentation(
    arrays: Arrays,
    *,
    structures: str,
    arms: str,
    baseline: str,
    seed: int,
    replicates: int = 1000,
    level: float = 0.95,
    **_recorded: float | str,
) -> Estimate:
    """Mean Dice of the first arm: over test images that show a structure, then over structures and trainings.

    The interval resamples units (patients, or blocks of patients of a private split), the same for every arm, and
    trainings (`classification_tables.Tables.interval`); training images are held fixed.

    Args:
        arrays: count: int64[units, k], images that show each structure; for every arm its name -> float64[trainings,
            units, k], their Dice summed.
        structures: names of the k columns; arms: names of the arms, the headline first; both joined by "|".
        baseline: the arm that others are compared with (not those with "_" in their name).

    Returns:
        The estimate; extras as those of `classification`, by structure ("tstr.heart") too.

    Raises:
        KeyError: an arm without array. ValueError: shapes that do not fit.
    """
    count, names, wanted = arrays["count"], structures.split("|"), arms.split("|")
    if count.ndim != 2 or count.shape[1] != len(names):
        raise ValueError(f"count has shape {count.shape} for {len(names)} structures")
    chosen = np.flatnonzero(count.sum(axis=0) >= LEAST)
    if not len(chosen):
        return undefined(f"no structure is shown by {LEAST} test images")
    sums = {arm: np.asarray(arrays[arm], np.float64) for arm in wanted}
    for arm, each in sums.items():
        if each.ndim != 3 or each.shape[1:] != count.shape:
            raise ValueError(f"arm {arm} has shape {each.shape}, which does not fit counts of {count.shape}")
    images = count[:, chosen].astype(np.float64)

    def table(weight: Float) -> dict[str, Float]:
        total = (weight @ images)[:, None, :]
        found = {}
        for arm, each in sums.items():
            top = np.einsum("bu,suk->bsk", weight, each[:, :, chosen])
            found[arm] = np.divide(top, total, out=np.full(top.shape, np.nan), where=total > 0)
        return found

    tables = bootstrapped(table, np.arange(len(count)), seed, replicates)
    return summary(
        tables,
        wanted,
        baseline,
        [names[each] for each in chosen],
        seed=seed,
        level=level,
        biased=False,
        extra={"structures": float(len(chosen)), "units": float(len(count))},
    )
