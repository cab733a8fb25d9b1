"""Cells of feature space by k-means, always the same for the same features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import one_thread

ITERATIONS = 50
CHOICE_SEED = 0


@dataclass(frozen=True)
class Cells:
    """Attributes: centres: float64[k, d]."""

    centres: NDArray[np.float64]

    @classmethod
    def fit(cls, features: NDArray[np.float32], k: int) -> Cells:
        """Lloyd's iterations from a k-means++ start (Arthur and Vassilvitskii 2007) with a fixed seed.

        Args:
            features: float32[n, d], n >= 1. k: cells; fewer where there are fewer distinct features.

        Cost: O(50 n k d).
        """
        rng = np.random.default_rng(CHOICE_SEED)
        centres = features[[int(rng.integers(len(features)))]].astype(np.float64)
        while len(centres) < k:
            gap = _squared(features, centres).min(axis=1)
            if gap.sum() <= 0.0:
                break
            chosen = min(int(np.searchsorted(np.cumsum(gap) / gap.sum(), rng.random())), len(features) - 1)
            centres = np.concatenate([centres, features[[chosen]].astype(np.float64)])
        for _ in range(ITERATIONS):
            of = cls(centres).of(features)
            sums: Sequence[NDArray[np.float64]] = [
                features[of == cell].mean(axis=0, dtype=np.float64) if (of == cell).any() else centres[cell]
                for cell in range(len(centres))
            ]
            moved = np.stack(sums)
            if np.array_equal(moved, centres):
                break
            centres = moved
        return cls(centres)

    def of(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        """int64[n], the cell of each image: that of the nearest centre."""
        return _squared(features, self.centres).argmin(axis=1)


def _squared(features: NDArray[np.float32], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[n, k]; exact up to rounding of float64, 0 for a centre that is one of the features."""
    with one_thread():
        return np.stack([((features - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
