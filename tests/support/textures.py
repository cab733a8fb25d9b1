"""Made-up images with a common shape and fine structure of their own, as radiographs have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter


def textures(n: int, seed: int, side: int = 64) -> NDArray[np.float32]:
    """float32[n, side, side] in [0, 1]: one bright shape that all share, and independent detail at two scales."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    shape = np.exp(-3 * (columns**2 + 0.5 * rows**2))
    fine, coarse = (
        np.stack([gaussian_filter(rng.normal(size=(side, side)), scale * side / 64) for _ in range(n)])
        for scale in (1.2, 4.0)
    )
    detail = 0.08 * fine / fine.std() + 0.08 * coarse / coarse.std()
    return np.clip(0.25 + 0.45 * shape + detail, 0.0, 1.0).astype(np.float32)


def flat(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[n, side * side]: features as `grey64` gives them."""
    return np.ascontiguousarray(images.reshape(len(images), -1))
