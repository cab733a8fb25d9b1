"""The published FID of the low-memory path: the mean over four shards. v1 only.

The published scripts cut both sets into four runs of consecutive rows, score each and average
(tools/combine_shards.py). A Frechet distance is biased upward the more the fewer images it sees, so the mean over
shards lies well above the distance of the whole set and is no estimate of it; the published overall numbers look as if
made this way (five of one model's fourteen per-pathology values lie below its overall value). Kept so that a published
number can be compared with its like. Lower is better, in squared units of the encoder; no interval.

Shard i holds rows i n // 4 to (i + 1) n // 4, in the order of the split. Time O(min(n, d) n d), memory O(n d + d^2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.frechet_arrays import measured
from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side
from chexgenbench.metrics.units import is_open
from leaderboards.statistics.blocks import PRIVATE_PATIENTS

SHARDS = 4


def measure_published(data: MetricInput) -> Measurement:
    """Features of both sides with the shard of each row, for the `frechet_sharded` estimator."""
    shards = shards_of(len(data.generated)), shards_of(len(data.reference))
    for side, shard in zip((data.generated, data.reference), shards, strict=True):
        if not is_open(data, side) and (fewest := _fewest_patients(side, shard)) < PRIVATE_PATIENTS:
            return Measurement(reason=f"a shard holds {fewest} credentialed patients; {PRIVATE_PATIENTS} are needed")
    return measured(data, data.generated.features, data.reference.features, shards)


def shards_of(count: int) -> NDArray[np.int64]:
    """int64[count], the shard of each row: four runs of consecutive rows."""
    ends = np.arange(1, SHARDS + 1) * count // SHARDS
    return np.searchsorted(ends, np.arange(count), side="right").astype(np.int64)


def _fewest_patients(side: Side, shard: NDArray[np.int64]) -> int:
    return min(len(np.unique(side.patients[shard == index])) for index in range(SHARDS))


PUBLISHED = Metric(
    name="fid_sharded",
    display="FID, mean of 4 shards (published)",
    family="fidelity",
    direction="lower",
    measure=measure_published,
    estimator="frechet_sharded",
    source="CheXGenBench tools/combine_shards.py",
    cost="O(min(n, d) n d) time, O(n d + d^2) memory",
    per_group=False,
    min_images=2 * SHARDS,
    quirks=(
        "the mean of the Frechet distances of four shards stands for the distance of the whole set; small-sample bias "
        "makes it much larger",
        "shards are runs of consecutive rows, so the value depends on the order of the split",
    ),
)
