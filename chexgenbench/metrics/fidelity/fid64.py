"""Frechet distance on a fixed 64-dimensional projection: the one that has an interval at a hundred or more images.

As `fid`, after projecting both sides onto the 64 leading principal directions of real *training* features of the same
encoder (chexgenbench.projection), which no evaluated image has shaped. 0 for equal moments, lower is better, in squared
units of the encoder. It cannot see differences outside those directions, so an artefact that real images never show in
any degree may escape it: read it beside `kid`, which sees all dimensions. At most `fid` between the same populations.

About 100 independent images a side suffice for the bias-corrected value and its 95 % interval, twice as many for the
limit of infinitely many images. Needs training images of patients disjoint from the reference.

Time O(n d 64 + 50 64^3), memory O(n 64).
"""

from __future__ import annotations

from chexgenbench.frechet_arrays import blocked, measured
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.projection import DIMENSION


def measure(data: MetricInput) -> Measurement:
    """Projected features of both sides in blocks of patients, for the `frechet` estimator."""
    projection = data.projection
    if projection is None:
        return Measurement(reason="the split has no training images to fit the projection on")
    wanted = min(DIMENSION, data.reference.features.shape[1])
    if projection.dimension < wanted:
        reason = f"the training images span {projection.dimension} directions; {wanted} are needed"
        return Measurement(reason=reason)
    generated, reference = projection.apply(data.generated.features), projection.apply(data.reference.features)
    block = blocked(data, reference.shape[1])
    if isinstance(block, str):
        return Measurement(reason=block)
    return measured(data, generated, reference, block, interval=True)


METRIC = Metric(
    name="fid64",
    display="Fréchet distance, 64-d",
    family="fidelity",
    direction="lower",
    measure=measure,
    estimator="frechet",
    source="Heusel et al. 2017, arXiv 1706.08500, on a fixed projection",
    cost="O(64 n d + 50 64^3) time, O(64 n) memory",
    matched=True,
    needs=frozenset({"encoder", "train", "projection"}),
)
