"""The Frechet distance between two Gaussians, exact at full rank and below it. Pure numpy, fp64.

With means m1, m2 and covariances S1, S2 (Dowson and Landau 1982; Heusel et al. 2017, equation 6):

    d^2 = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

Write S1 = A A^T and S2 = B B^T for any factors A, B. The non-zero eigenvalues of S1 S2 are the squared singular values
of A^T B, so the last trace is the nuclear norm of A^T B. That gives three forms, of which the cheapest exact one is
taken; the matrix square root of the unsymmetric product, which loses half of the digits in every null direction, is
never formed:

* fewer images than dimensions on both sides: centred features are factors, and A^T B is n1 x n2 ("cross matrix");
* full rank: A is the Cholesky factor of one covariance, and the singular values are the square roots of the eigenvalues
  of the symmetric matrix A^T S2 A;
* anything else: a Cholesky factor, centred features or a rank-revealing eigendecomposition on each side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

FULL_RANK = 1e-10
"""Least ratio of Cholesky pivots (squared) for which a covariance counts as full rank."""


@dataclass(frozen=True)
class Gaussian:
    """What the distance needs to know of one side.

    Attributes:
        mean: float64[d]. trace: of the unbiased covariance.
        covariance: float64[d, d], unbiased; None if `factor` is given instead.
        factor: float64[d, r] with covariance = factor @ factor.T; None if `covariance` is given.
        rank: upper bound of the covariance's rank, n - 1 for n images.
    """

    mean: Float
    trace: float
    rank: int
    covariance: Float | None = None
    factor: Float | None = None

    @classmethod
    def of_features(cls, features: NDArray[np.floating]) -> Gaussian:
        """From [n, d] features, n >= 2; keeps the centred features as the factor while n <= d.

        Raises:
            ValueError: fewer than two rows.
        """
        count, dimension = features.shape
        if count < 2:
            raise ValueError("a covariance needs at least 2 images")
        rows = features.astype(np.float64)
        mean = rows.mean(axis=0)
        rows -= mean
        scale = count - 1
        if count <= dimension:
            return cls(mean, float(np.vdot(rows, rows)) / scale, scale, factor=rows.T / np.sqrt(scale))
        covariance = rows.T @ rows / scale
        return cls(mean, float(np.trace(covariance)), scale, covariance=covariance)

    @classmethod
    def of_sums(cls, count: int, total: Float, outer: Float) -> Gaussian:
        """From the sum float64[d] and the sum of outer products float64[d, d] of `count` features.

        Precise if the features were shifted to a mean near zero before they were summed.

        Raises:
            ValueError: fewer than two images.
        """
        if count < 2:
            raise ValueError("a covariance needs at least 2 images")
        mean = total / count
        covariance = (outer - np.outer(total, mean)) / (count - 1)
        return cls(mean, float(np.trace(covariance)), int(count) - 1, covariance=covariance)


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """The squared Frechet distance of two Gaussians: what the field reports as FID. Lower is closer; 0 is the same.

    What cannot be told from zero in float64 is zero. Cost: O(d^3) at full rank, O(n^2 d) below it.
    """
    difference = a.mean - b.mean
    traces = a.trace + b.trace
    distance = float(difference @ difference) + traces - 2.0 * trace_of_root(a, b)
    return distance if abs(distance) > len(a.mean) * np.finfo(np.float64).eps * traces else 0.0


def trace_of_root(a: Gaussian, b: Gaussian) -> float:
    """tr (S_a S_b)^(1/2) by whichever of the three forms is exact and cheapest."""
    factors = [_known_factor(side) for side in (a, b)]
    if all(factor is not None for factor in factors) and a.covariance is not None and b.covariance is not None:
        return _root_by_eigenvalues(factors[0], b.covariance)
    left, right = (
        factor if factor is not None else _revealed_factor(side) for factor, side in zip(factors, (a, b), strict=True)
    )
    if left.shape[1] == 0 or right.shape[1] == 0:
        return 0.0
    return float(np.linalg.svd(left.T @ right, compute_uv=False).sum())


def _known_factor(side: Gaussian) -> Float | None:
    """Centred features, or the Cholesky factor of a full-rank covariance, or None."""
    if side.factor is not None:
        return side.factor
    assert side.covariance is not None
    if side.rank < len(side.covariance):
        return None
    try:
        factor: Float = np.linalg.cholesky(side.covariance).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None
    pivots = np.diagonal(factor) ** 2
    return factor if pivots.min() > FULL_RANK * pivots.max() else None


def _root_by_eigenvalues(factor: Float | None, covariance: Float) -> float:
    assert factor is not None
    product = factor.T @ covariance @ factor
    eigenvalues = np.linalg.eigvalsh((product + product.T) / 2)
    return float(np.sqrt(np.clip(eigenvalues, 0.0, None)).sum())


def _revealed_factor(side: Gaussian) -> Float:
    """A factor of a covariance whose rank is unknown: eigenvectors of what is left above rounding noise.

    Directions beyond `rank` are exact zeros that rounding has filled; left in, each would add the square root of its
    noise to the trace and so lower the distance.
    """
    assert side.covariance is not None
    eigenvalues, vectors = np.linalg.eigh(side.covariance)
    dimension = len(eigenvalues)
    noise = max(float(eigenvalues[-1]), 0.0) * dimension * np.finfo(np.float64).eps
    kept = np.flatnonzero(eigenvalues > noise)
    kept = kept[kept >= dimension - side.rank]
    factor: Float = vectors[:, kept] * np.sqrt(eigenvalues[kept])
    return factor
