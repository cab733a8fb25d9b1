"""Frechet distance (FID): how far apart mean and covariance of generated and real features are.

|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) with unbiased covariances (Heusel et al. 2017, eq. 6). 0 for equal
moments, lower is better, in squared units of the encoder.

The plain value is biased upward, and the more so the fewer images there are: read it beside its floor (real against
real at the same n), compare only equal n, and prefer `kid` or `fid64` for small sets. Where both sides hold clearly
more independent images than dimensions (leaderboards.statistics.frechet_pair.required_count), the extras give the
bias-corrected value with a 95 % interval for the populations' distance, by a jackknife over blocks of patients that
are the same on both sides, and from twice that number on the limit of infinitely many images. Elsewhere those are
undefined and the reason says how many images were missing.

v1 is the published number: the plain value alone.

Time O(n d^2 + b d^3) with b = 50 blocks, without an interval O(min(n, d) n d); memory O(n d + d^2).
"""

from __future__ import annotations

from chexgenbench.frechet_arrays import blocked, measured
from chexgenbench.metrics.base import Measurement, Metric, MetricInput


def measure(data: MetricInput) -> Measurement:
    """Features of both sides in blocks of patients, for the `frechet` estimator."""
    return _measure(data, interval=True)


def measure_published(data: MetricInput) -> Measurement:
    """The same arrays; the estimator is told that the protocol has no interval."""
    return _measure(data, interval=False)


def _measure(data: MetricInput, interval: bool) -> Measurement:
    generated, reference = data.generated.features, data.reference.features
    block = blocked(data, reference.shape[1])
    if isinstance(block, str):
        return Measurement(reason=block)
    return measured(data, generated, reference, block, interval=interval)


METRIC = Metric(
    name="fid",
    display="Fréchet distance",
    family="fidelity",
    direction="lower",
    measure=measure,
    estimator="frechet",
    source="Heusel et al. 2017, arXiv 1706.08500",
    cost="O(n d^2 + 50 d^3) time, O(n d + d^2) memory",
    matched=True,
)

PUBLISHED = Metric(
    name="fid",
    display="FID (published)",
    family="fidelity",
    direction="lower",
    measure=measure_published,
    estimator="frechet",
    source="CheXGenBench metrics/fid.py with torchmetrics FrechetInceptionDistance",
    cost="O(min(n, d) n d) time, O(n d + d^2) memory",
    matched=True,
    quirks=(
        "biased upward by an amount that grows as n falls, which differs between the two sets and between pathologies",
        "no interval, no bias correction; the published tables round to 3 decimals",
        "the published trace takes eigenvalues of an unsymmetric product, which loses digits below full rank (about "
        "3e-7 of the value); here it is exact",
    ),
)
