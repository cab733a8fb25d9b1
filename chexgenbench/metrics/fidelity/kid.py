"""Kernel distance (KID): squared MMD under the cubic kernel, from all pairs.

MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y) with k(x, y) = (<x, y> / d + 1)^3 (Binkowski et al. 2018, "Demystifying
MMD GANs", eq. 4). 0 for equal distributions, lower is better, no unit; being unbiased it may come out slightly
negative.

v2 takes every pair of images of different patients, once: no subsets, hence no subset noise. Images of one patient
are dependent, so such pairs are left out (the `mmd` estimator explains; `image_level` in the extras keeps them, and
is what torchmetrics computes on the whole sets). The standard error is a delete-one-patient jackknife. Unlike a
Frechet distance the value does not drift with n, so it is the number to read for small groups.

v1 is the published call: the mean over 100 "subsets" whose size is that of the smaller set.

Time O((n + m)^2 d), memory O(512 (512 + d)).
"""

from __future__ import annotations

import numpy as np

from chexgenbench.kernels import pair_sums
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from leaderboards.statistics.kernel_tiles import Float, Polynomial, row_sums, rows64, spans, symmetric_row_sums

SUBSETS = 100


def measure(data: MetricInput) -> Measurement:
    """Kernel sums for the `mmd` estimator."""
    dim = data.generated.features.shape[1]
    arrays = pair_sums(data.generated, data.reference, Polynomial.of_kid(dim), share=data.share_reference)
    return Measurement(arrays, {"kernel": "polynomial", "gamma": 1.0 / dim, "coef": 1.0, "degree": 3})


def measure_published(data: MetricInput) -> Measurement:
    """The mean over subsets of min(n, m) images, each drawn without replacement."""
    return Measurement({"value": np.array([published(data)])}, {"interval_reason": "the published code drops it"})


def published(data: MetricInput) -> float:
    """Mean over 100 subsets: the smaller set is whole in each, so with equal sizes all of them are the same."""
    x, y = data.generated.features, data.reference.features
    kernel = Polynomial.of_kid(x.shape[1])
    small, large = (x, y) if len(x) <= len(y) else (y, x)
    size = len(small)
    diagonal = sum(float(kernel.pairs(b, b).sum()) for b in (rows64(small, rows) for rows in spans(size)))
    within_small = float(symmetric_row_sums(small, kernel).sum()) - diagonal
    rng = np.random.default_rng(data.seed)
    subsets = SUBSETS if len(large) > size else 1
    drawn = np.zeros((len(large), subsets))
    for column in range(subsets):
        drawn[rng.permutation(len(large))[:size], column] = 1.0
    cross = row_sums(small, large, kernel)[1] @ drawn
    within_large = _quadratic_forms(large, drawn, kernel)
    return float(((within_small + within_large) / (size * (size - 1)) - 2.0 * cross / size**2).mean())


def _quadratic_forms(features: np.ndarray, drawn: Float, kernel: Polynomial) -> Float:
    """Sum of k over ordered pairs of different drawn rows, for every column of 0/1 weights."""
    total = np.zeros(drawn.shape[1])
    for rows in spans(len(features)):
        left = rows64(features, rows)
        for columns in spans(len(features)):
            values = kernel(left, rows64(features, columns))
            if rows == columns:
                np.fill_diagonal(values, 0.0)
            total += (drawn[rows] * (values @ drawn[columns])).sum(axis=0)
    return total


METRIC = Metric(
    name="kid",
    display="KID",
    family="fidelity",
    direction="lower",
    measure=measure,
    estimator="mmd",
    source="Binkowski et al. 2018, arXiv 1801.01401",
    cost="O((n + m)^2 d) time, O(d) memory a row",
)

PUBLISHED = Metric(
    name="kid",
    display="KID (published)",
    family="fidelity",
    direction="lower",
    measure=measure_published,
    estimator="scalar",
    source="CheXGenBench metrics/fid.py with torchmetrics KernelInceptionDistance",
    cost="O((n + m)^2 d) time, O(d) memory a row",
    quirks=(
        "subset_size is the size of the smaller set, so each of the 100 subsets holds all of it",
        "the standard deviation over subsets is dropped; with sets of equal size it is exactly 0",
        "subsets of the larger set are unseeded draws in the published code and seeded ones here",
        "pairs of images of one patient count as independent",
    ),
)
