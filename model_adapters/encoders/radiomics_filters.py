"""The pictures that radiomics looks at: the normalised image, its Laplacians of Gaussian and its wavelet bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, gaussian_laplace

Float = NDArray[np.float64]

SCALE = 100.0
"""Standard deviation of the normalised image, so that a bin width of 5 is a twentieth of it."""

SIGMAS = (1.0, 1.5, 2.0, 2.5)
"""Pixels: the published 2, 3, 4 and 5 mm on a grid of 2 mm."""

PICTURES = ("original", *(f"log{sigma:g}" for sigma in SIGMAS), "LL", "LH", "HL", "HH")

_ROOT = 7.0**0.5
LOW_PASS = np.array([-3 + _ROOT, 1 - _ROOT, 14 - 2 * _ROOT, 14 + 2 * _ROOT, 5 + _ROOT, 1 - _ROOT]) / (16 * 2.0**0.5)
"""Decomposition filter of the wavelet coif1 (Daubechies 1992, section 8.2), of sum sqrt 2."""

HIGH_PASS = LOW_PASS[::-1] * np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
"""Its quadrature mirror, of sum 0."""


def normalised(image: NDArray[np.floating]) -> Float:
    """Mean 0 and standard deviation 100; a flat image is 0 everywhere."""
    grey = np.asarray(image, np.float64)
    centred: Float = grey - grey.mean()
    deviation = float(centred.std())
    # What float32 input leaves of a flat image is rounding, not texture.
    return centred * (SCALE / deviation) if deviation > 1e-6 * max(1.0, float(np.abs(grey).max())) else 0.0 * centred


def pictures(image: NDArray[np.floating]) -> dict[str, Float]:
    """PICTURES name -> float64[h, w] of a grey image."""
    original = normalised(image)
    found = {"original": original}
    for sigma in SIGMAS:
        # Times sigma^2, so that a blob answers alike at the scale of its size.
        found[f"log{sigma:g}"] = sigma**2 * gaussian_laplace(original, sigma, mode="nearest")
    for down, first in (("L", LOW_PASS), ("H", HIGH_PASS)):
        half = convolve1d(original, first, axis=0, mode="wrap")
        for across, second in (("L", LOW_PASS), ("H", HIGH_PASS)):
            found[down + across] = convolve1d(half, second, axis=1, mode="wrap")
    return found


def levels(picture: Float, width: float = 5.0) -> NDArray[np.int64]:
    """Grey levels from 1, of bins whose edges are the multiples of `width`."""
    bins = np.floor(picture / width).astype(np.int64)
    return bins - bins.min() + 1
