"""Vendi score: the effective number of different generated images.

exp of the entropy of the eigenvalues of K / n, where K holds the similarities of the generated images (Friedman and
Dieng 2023, eq. 2, order 1). 1 (all alike) to n, higher is more diverse, no unit. It says nothing about quality: noise
is diverse. It grows with n, so groups are also compared at equal n, and its floor row is the diversity of real
images.

K is the cosine of features less the mean of the reference images. Pooled features are all positive, and their plain
cosine (as dgm-eval takes it) is near 1 for any two radiographs, which leaves a score between 1 and 2; that variant is
`uncentred` in the extras. Features that lie exactly at the mean count as similar to nothing.

The eigenvalues of the n x n matrix are those of the d x d matrix of normalised features, whichever is smaller. Time
O(min(n, d)^2 max(n, d)), memory O(min(n, d)^2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.kernel_tiles import Float, spans


def cosine_spectrum(features: NDArray[np.float32], centre: Float | None = None) -> Float:
    """Eigenvalues of K / n for cosine similarities, descending, min(n, d) of them; zero vectors stay zero."""
    n, dim = features.shape
    with one_thread():
        if n <= dim:
            x = _unit(features, slice(None), centre)
            gram = x @ x.T
        else:
            gram = np.zeros((dim, dim))
            for rows in spans(n, 4096):
                x = _unit(features, rows, centre)
                gram += x.T @ x
        eigenvalues = np.linalg.eigvalsh(gram / n)[::-1]
    return np.clip(eigenvalues, 0.0, None)


def _unit(features: NDArray[np.float32], rows: slice, centre: Float | None) -> Float:
    x = features[rows].astype(np.float64)
    if centre is not None:
        x -= centre
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(norm > 0.0, norm, 1.0)


def measure(data: MetricInput) -> Measurement:
    """Spectra of the centred and of the plain cosine matrix, for the `vendi` estimator."""
    centre = data.reference.features.mean(axis=0, dtype=np.float64)
    return Measurement(
        {
            "eigenvalues": cosine_spectrum(data.generated.features, centre),
            "eigenvalues_uncentred": cosine_spectrum(data.generated.features),
        }
    )


METRIC = Metric(
    name="vendi",
    display="Vendi",
    family="fidelity",
    direction="higher",
    measure=measure,
    estimator="vendi",
    source="Friedman and Dieng 2023, arXiv 2210.02410",
    cost="O(min(n, d)^2 max(n, d)) time, O(min(n, d)^2) memory",
    matched=True,
)
