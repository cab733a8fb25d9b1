"""The published low-memory Frechet distance: the mean over shards, which is not the distance of the whole."""

from __future__ import annotations

import numpy as np

from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.frechet_distance import Gaussian, frechet_distance
from leaderboards.statistics.frechet_sides import BlockSide, FeatureSide, sides_of
from leaderboards.statistics.registry import Arrays


def frechet_sharded(arrays: Arrays) -> Estimate:
    """Mean of the shards' Frechet distances.

    Args:
        arrays: as for `frechet`, where a block is a shard.

    Raises:
        ValueError: malformed arrays.
    """
    generated, reference = sides_of(arrays)
    if min(int(side.count.min()) for side in (generated, reference)) < 2:
        return undefined("every shard needs 2 images on either side")
    with one_thread():
        distances = [
            frechet_distance(_shard(reference, shard), _shard(generated, shard))
            for shard in range(len(generated.count))
        ]
    return Estimate(
        value=float(np.mean(distances)),
        interval_reason="the mean over shards estimates no property of the whole set",
        extra={f"shard_{shard}": distance for shard, distance in enumerate(distances)},
    )


def _shard(side: BlockSide, shard: int) -> Gaussian:
    if isinstance(side, FeatureSide):
        return side.only(shard).gaussian()
    return Gaussian.of_sums(int(side.count[shard]), side.total[shard], side.outer(shard))
