"""Cells of feature space by k-means, always the same for the same features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import one_thread

ITERATIONS = 25
CHOICE_SEED = 0
ROWS = 1024

NOUGHT = 1e-12
"""Squared distances below this share of the squared norms are rounding of 0."""

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Attributes: centres: float64[k, d]."""

    centres: Float

    @classmethod
    def fit(cls, features: NDArray[np.float32], k: int) -> Cells:
        """Lloyd's iterations from a k-means++ start (Arthur and Vassilvitskii 2007) with a fixed seed.

        Args:
            features: float32[n, d], n >= 1. k: cells; fewer where there are fewer distinct features.

        Cost: O(25 n k d) time, O(1024 d) memory beside the features.
        """
        rng = np.random.default_rng(CHOICE_SEED)
        centres = features[[int(rng.integers(len(features)))]].astype(np.float64)
        while len(centres) < k:
            gap = cls(centres)._squared(features).min(axis=1)
            if gap.sum() <= 0.0:
                break
            chosen = min(int(np.searchsorted(np.cumsum(gap) / gap.sum(), rng.random())), len(features) - 1)
            centres = np.concatenate([centres, features[[chosen]].astype(np.float64)])
        before: NDArray[np.int64] | None = None
        for _ in range(ITERATIONS):
            of = cls(centres).of(features)
            if before is not None and np.array_equal(of, before):
                break
            centres, before = _means(features, of, centres), of
        return cls(centres)

    def of(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        """int64[n], the cell of each image: that of the nearest centre."""
        return self._squared(features).argmin(axis=1)

    def _squared(self, features: NDArray[np.float32]) -> Float:
        """float64[n, k], squared distances to the centres; 0 for a feature that is a centre."""
        result = np.empty((len(features), len(self.centres)))
        norms = (self.centres**2).sum(axis=1)
        with one_thread():
            for rows, part in _parts(features):
                scale = (part**2).sum(axis=1)[:, None] + norms
                gap = scale - 2.0 * (part @ self.centres.T)
                result[rows] = np.where(gap > NOUGHT * scale, gap, 0.0)
        return result


def _means(features: NDArray[np.float32], of: NDArray[np.int64], centres: Float) -> Float:
    """The mean of each cell; the old centre where a cell is empty."""
    sums = np.zeros_like(centres)
    count = np.bincount(of, minlength=len(centres))
    with one_thread():
        for rows, part in _parts(features):
            sums += (of[rows] == np.arange(len(centres))[:, None]).astype(np.float64) @ part
    return np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None], centres)


def _parts(features: NDArray[np.float32]) -> Iterator[tuple[slice, Float]]:
    for start in range(0, len(features), ROWS):
        rows = slice(start, start + ROWS)
        yield rows, features[rows].astype(np.float64)
