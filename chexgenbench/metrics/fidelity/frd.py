"""Frechet radiomics distance (FRD): do the generated images have the grey levels and textures of the real ones?

log(|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)), the natural logarithm of the Frechet distance (see `fid`) of
handcrafted radiomics features instead of a network's, each standardised by mean and standard deviation of the real
images (Konz et al. 2024). Lower is closer; no unit; a difference of 0.7 is a distance twice as large. Columns that are
constant over the real images are left out. It sees noise, blur and contrast well and anatomy hardly: real images
beside it (the floor) say what is good.

The features are the 664 of the encoder `radiomics`, whose page lists its departures from the published recipe: 128
pixels, the whole image as region, pyradiomics' definitions in our own code. So values compare between runs of this
package, not with published ones. The plain distance is biased upward the more the fewer images there are. An interval
of it needs some 2,500 independent images a side (`fid` says why); below that the extras give the log distance on 64
principal directions of the training images, standardised by them too, with the interval that it has from about 100
images on: `projected`, `projected_low` (absent where the populations' distance may be 0), `projected_high`.

v1 is the published number: the larger set is cut to the size of the smaller one, and there is no interval.

Time O(n d^2 + 50 d^3) where an interval is given, else O(min(n, d) n d); the features take 40 ms an image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.frechet_arrays import blocked, measured
from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side, StoredRows
from chexgenbench.projection import DIMENSION, Projection

CONSTANT = 1e-6
"""A column whose spread is below this share of its largest value is constant, up to the rounding of float32."""

CHOICE_SEED = 0


def measure(data: MetricInput) -> Measurement:
    """Both sides with the standardisation, and their projections, for the `log_frechet` estimator."""
    found = _measure(data, interval=True)
    return found if found.reason is not None else _with_projection(data, found)


def measure_published(data: MetricInput) -> Measurement:
    """Sets of equal size, the value alone."""
    count = min(len(data.generated), len(data.reference))
    equal = MetricInput(
        _cut(data.generated, count),
        _cut(data.reference, count),
        data.encoder,
        data.seed,
        share_reference=data.share_reference,
    )
    return _measure(equal, interval=False)


def _measure(data: MetricInput, interval: bool) -> Measurement:
    scaling = _Scaling.of(data.reference.features)
    if not len(scaling.column):
        return Measurement(reason="all real images have the same features")
    block = blocked(data, len(scaling.column))
    if isinstance(block, str):
        return Measurement(reason=block)
    # Open sides are stored as they are and standardised by the estimator; moments are of standardised features.
    plain = measured(data, data.generated.features, data.reference.features, block, interval=interval)
    arrays = dict(plain.arrays)
    if "reference_count" in arrays or "generated_count" in arrays:
        sides = scaling.apply(data.generated.features), scaling.apply(data.reference.features)
        moments = measured(data, *sides, block).arrays
        arrays |= {name: each for name, each in moments.items() if name.endswith(("_count", "_sum", "_outer"))}
    arrays |= {"column": scaling.column, "centre": scaling.centre, "scale": scaling.scale}
    return Measurement(arrays, plain.parameters, n_generated=len(data.generated), n_reference=len(data.reference))


def _with_projection(data: MetricInput, found: Measurement) -> Measurement:
    """Further arrays: the distance on principal directions of standardised training features, where there are any."""
    if data.train is None or len(data.train) <= DIMENSION:
        return found
    scaling = _Scaling.of(data.train.features)
    projection = Projection.fit(scaling.apply(data.train.features))
    if projection.dimension < DIMENSION:
        return found
    sides = [projection.apply(scaling.apply(side.features)) for side in (data.generated, data.reference)]
    block = blocked(data, DIMENSION)
    if isinstance(block, str):
        return found
    part = measured(data, sides[0], sides[1], block).arrays
    arrays: dict[str, NDArray[Any] | StoredRows] = {f"projected_{name}": each for name, each in part.items()}
    return Measurement(
        {**found.arrays, **arrays}, found.parameters, n_generated=found.n_generated, n_reference=found.n_reference
    )


class _Scaling:
    """Columns that vary over some images, and their mean and standard deviation there (int64, float64, float64)."""

    def __init__(self, column: NDArray[np.int64], centre: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
        self.column, self.centre, self.scale = column, centre, scale

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> _Scaling:
        """Of float32[n, d]."""
        whole = features.astype(np.float64)
        spread = whole.std(axis=0)
        column = np.flatnonzero(spread > CONSTANT * np.abs(whole).max(axis=0)).astype(np.int64)
        return cls(column, whole.mean(axis=0)[column], spread[column])

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[n, k]."""
        return ((features[:, self.column].astype(np.float64) - self.centre) / self.scale).astype(np.float32)


def _cut(side: Side, count: int) -> Side:
    if len(side) == count:
        return side
    return side.take(np.sort(np.random.default_rng(CHOICE_SEED).choice(len(side), count, replace=False)))


METRIC = Metric(
    name="frd",
    display="FRD",
    family="fidelity",
    direction="lower",
    measure=measure,
    estimator="log_frechet",
    source="Konz et al. 2024, arXiv 2412.01496; features redefined, see the encoder radiomics",
    cost="O(n d^2 + 50 d^3) time, O(n d + d^2) memory",
    unit="log",
    per_group=False,
)

PUBLISHED = Metric(
    name="frd",
    display="FRD (published)",
    family="fidelity",
    direction="lower",
    measure=measure_published,
    estimator="log_frechet",
    source="CheXGenBench metrics/frd.py, after Konz et al. 2024, arXiv 2412.01496",
    cost="O(min(n, d) n d) time, O(n d + d^2) memory",
    unit="log",
    per_group=False,
    quirks=(
        "features are this package's 664 at 128 px, not pyradiomics' of about 464 at half size: not comparable with "
        "published values",
        "the larger set is cut at random to the size of the smaller one; the value is biased upward and has no "
        "interval",
    ),
)
