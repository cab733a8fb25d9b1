"""What the Frechet metrics hand to their estimator: features by block of patients, or moments of such blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, MetricInput, StoredRows
from chexgenbench.metrics.units import is_open, stored
from chexgenbench.moments import Moments
from leaderboards.statistics.blocks import BLOCKS, PRIVATE_PATIENTS, paired_blocks
from leaderboards.statistics.frechet_pair import required_count

Features = NDArray[np.float32]
Block = NDArray[np.int64]


def blocked(data: MetricInput, dimension: int) -> tuple[Block, Block] | str:
    """Blocks of patients on both sides, or the reason why a side whose features stay private is too small for one.

    The moments of a private side are large (dimension^2 numbers a block), so where too few images rule out an interval,
    one block holds them all.
    """
    least = [1 if is_open(data, side) else PRIVATE_PATIENTS for side in (data.generated, data.reference)]
    for side, needed in zip((data.generated, data.reference), least, strict=True):
        if (patients := len(np.unique(side.patients))) < needed:
            return f"moments of {patients} credentialed patients would give them away; {needed} are needed"
    hopeless = min(len(data.generated), len(data.reference)) < required_count(dimension)
    blocks = 1 if hopeless and max(least) > 1 else BLOCKS
    return paired_blocks(data.generated.patients, data.reference.patients, blocks, data.seed, least[1], least[0])


def measured(
    data: MetricInput, generated: Features, reference: Features, block: tuple[Block, Block], **parameters: bool
) -> Measurement:
    """Arrays of the `frechet` estimator: features of an open side, block moments of one that stays private."""
    arrays: dict[str, NDArray[Any] | StoredRows] = {}
    for name, side, features, of_row in (
        ("generated", data.generated, generated, block[0]),
        ("reference", data.reference, reference, block[1]),
    ):
        if is_open(data, side):
            arrays[name] = stored(side) if features is side.features else features
            arrays[f"{name}_block"] = of_row
        else:
            moments = Moments.of(features, of_row)
            arrays[f"{name}_count"] = moments.count
            arrays[f"{name}_sum"] = moments.total
            arrays[f"{name}_outer"] = moments.outer
    return Measurement(arrays, parameters)
