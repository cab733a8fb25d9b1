"""The fixed 64-dimensional projection on which Frechet distances have intervals at a few hundred images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chexgenbench.moments import Moments
from leaderboards.statistics.blas import one_thread

Float = NDArray[np.float64]

DIMENSION = 64
CHUNK = 8192


@dataclass(frozen=True, eq=False)
class Projection:
    """Principal directions of the reference *training* features, so that no evaluated image has shaped them.

    Attributes:
        mean: float64[d]. basis: float64[d, k], orthonormal columns by falling variance; the largest component of each
            is positive, so that the same features give the same basis.
        explained: share of the training features' variance that the directions hold.
    """

    mean: Float
    basis: Float
    explained: float

    @classmethod
    def fit(cls, features: NDArray[np.floating], dimension: int = DIMENSION) -> Projection:
        """Fit on [n, d] training features; k is `dimension`, or fewer where d or n - 1 is smaller.

        Cost: O(n d min(n, d)) time.

        Raises:
            ValueError: no features.
        """
        count, width = features.shape
        if count == 0:
            raise ValueError("a projection needs training features")
        with one_thread():
            if count > width:
                moments = Moments.of(features)
                mean = moments.mean()
                variance, vectors = np.linalg.eigh(moments.covariance())
            else:
                rows = features.astype(np.float64)
                mean = rows.mean(axis=0)
                rows -= mean
                gram, left = np.linalg.eigh(rows @ rows.T / max(count - 1, 1))
                variance, vectors = gram, rows.T @ left
        kept = np.arange(len(variance))[::-1][: min(dimension, width, max(count - 1, 0))]
        floor = max(float(variance[-1]), 0.0) * len(variance) * np.finfo(np.float64).eps
        kept = kept[variance[kept] > floor]
        basis = vectors[:, kept]
        basis = basis / np.linalg.norm(basis, axis=0)
        if kept.size:
            largest = basis[np.abs(basis).argmax(axis=0), np.arange(len(kept))]
            basis = basis * np.sign(largest)
        total = float(np.clip(variance, 0.0, None).sum())
        explained = float(variance[kept].sum()) / total if total > 0 else 0.0
        return cls(mean, np.ascontiguousarray(basis), explained)

    @property
    def dimension(self) -> int:
        """Number of directions k."""
        return self.basis.shape[1]

    def apply(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """float32[n, k] coordinates of [n, d] features.

        Raises:
            ValueError: features of another dimension.
        """
        if features.ndim != 2 or features.shape[1] != len(self.mean):
            raise ValueError(f"the projection takes float[n, {len(self.mean)}], not {list(features.shape)}")
        result = np.empty((len(features), self.dimension), np.float32)
        with one_thread():
            for start in range(0, len(features), CHUNK):
                rows = features[start : start + CHUNK].astype(np.float64) - self.mean
                result[start : start + CHUNK] = rows @ self.basis
        return result

    @cached_property
    def hash(self) -> str:
        """Hex sha256 of mean and basis (rounded to float32, so that it names the projection, not the last digits)."""
        digest = hashlib.sha256(np.array(self.basis.shape, "<i8").tobytes())
        for array in (self.mean, self.basis):
            digest.update(np.ascontiguousarray(array, "<f4").tobytes())
        return digest.hexdigest()
