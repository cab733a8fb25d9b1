"""ZCA whitening: pixels made uncorrelated by the map closest to no map at all, and its inverse, so that images can be
seen again.

    W = U diag(1 / sqrt(s + eps)) U'        of the covariance U diag(s) U' of the training images

MTT learns its CIFAR images in this space, with eps 0.1 for grey levels in [0, 1]. Black and white are no bounds there:
images are cut to them once, when they are written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.methods.satm.pictures import Pictures, Scale

EPS = 0.1
"""In squared grey levels."""

MOST_SIDE = 64
"""The map has side^4 numbers: 67 MB at 64 px."""


@dataclass(frozen=True)
class Whitening:
    """The map and its inverse.

    Attributes:
        mean: float32[p], p = side^2. there, back: float32[p, p], symmetric.
    """

    mean: NDArray[np.float32]
    there: NDArray[np.float32]
    back: NDArray[np.float32]

    @classmethod
    def of(cls, seen: Pictures, scale: Scale) -> Whitening:
        """Of standardised training images; cost O(n p^2 + p^3).

        Raises:
            UserError: images above MOST_SIDE.
        """
        from leaderboards.statistics.blas import one_thread

        side = seen.shape[-1]
        if side > MOST_SIDE:
            raise UserError(f"whiten=zca takes images of up to {MOST_SIDE} px, not {side}. Lower side.")
        flat = seen.reshape(len(seen), -1).astype(np.float64)
        mean = flat.mean(axis=0)
        with one_thread():  # the same bytes however many cores there are, so that a killed run goes on to the bit
            spread, axes = np.linalg.eigh((flat - mean).T @ (flat - mean) / max(len(flat) - 1, 1))
            # eps is meant for grey levels, and pixels are in units of their standard deviation here.
            root = np.sqrt(np.clip(spread, 0.0, None) + EPS / scale.deviation**2)
            there, back = (axes / root) @ axes.T, (axes * root) @ axes.T
        return cls(mean.astype(np.float32), there.astype(np.float32), back.astype(np.float32))

    def whitened(self, seen: Pictures) -> Pictures:
        """float32[n, 1, side, side], standardised, into the other space."""
        return self._mapped(seen.reshape(len(seen), -1) - self.mean, self.there).reshape(seen.shape)

    def seen(self, whitened: Pictures) -> Pictures:
        """And back."""
        return (self._mapped(whitened.reshape(len(whitened), -1), self.back) + self.mean).reshape(whitened.shape)

    def _mapped(self, flat: Pictures, by: NDArray[np.float32]) -> Pictures:
        from leaderboards.statistics.blas import one_thread

        with one_thread():
            return (flat.astype(np.float64) @ by.astype(np.float64)).astype(np.float32)
