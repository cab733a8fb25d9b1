"""Multi-scale structural similarity of two grey images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Wang et al. 2003, finest scale first."""

TAPS, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2

Float = NDArray[np.float64]


def scales_for(height: int, width: int) -> int:
    """Scales (at most 5) at which the shorter side still holds the 11-tap window: 5 from 176 px, 4 from 88 px.

    Raises:
        ValueError: an image smaller than the window.
    """
    scales = 0
    side = min(height, width)
    while scales < len(WEIGHTS) and side >= TAPS:
        scales, side = scales + 1, side // 2
    if scales == 0:
        raise ValueError(f"{height}x{width} px is smaller than the {TAPS} px window of structural similarity")
    return scales


def ms_ssim(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> float:
    """MS-SSIM (Wang, Simoncelli and Bovik 2003, eq. 7): 1 for identical images, less for others, at least 0.

    An 11-tap Gaussian window (sigma 1.5) where it fits whole, K1 = 0.01, K2 = 0.03, range 255; between scales 2 x 2
    means. A negative mean contrast-structure term counts as 0, since it has no fractional power. An image below 176 px
    has fewer than 5 scales; then the weights of those it has are divided by their sum.

    Args:
        x, y: uint8[h, w] of one shape.

    Raises:
        ValueError: different shapes, not 2-d, or smaller than 11 px.
    """
    if x.shape != y.shape or x.ndim != 2:
        raise ValueError(f"images of shapes {x.shape} and {y.shape} cannot be compared")
    scales = scales_for(*x.shape)
    weights = np.array(WEIGHTS[:scales]) / sum(WEIGHTS[:scales])
    a, b, result = x.astype(np.float64), y.astype(np.float64), 1.0
    for scale, weight in enumerate(weights):
        similarity, contrast = _ssim(a, b)
        term = similarity if scale == scales - 1 else contrast
        result *= max(term, 0.0) ** weight
        a, b = _halved(a), _halved(b)
    return float(result)


def _ssim(x: Float, y: Float) -> tuple[float, float]:
    """Mean similarity, and mean of its contrast-structure factor alone."""
    mean_x, mean_y, xx, yy, xy = _blur(np.stack([x, y, x * x, y * y, x * y]))
    contrast = (2.0 * (xy - mean_x * mean_y) + C2) / (xx - mean_x**2 + yy - mean_y**2 + C2)
    luminance = (2.0 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return float((luminance * contrast).mean()), float(contrast.mean())


def _blur(images: Float) -> Float:
    """Gaussian means at every place where the window fits: [c, h, w] -> [c, h - 10, w - 10]."""
    offset = np.arange(TAPS) - TAPS // 2
    window = np.exp(-(offset**2) / (2.0 * SIGMA**2))
    window /= window.sum()
    height, width = images.shape[1] - TAPS + 1, images.shape[2] - TAPS + 1
    rows = sum(weight * images[:, i : i + height] for i, weight in enumerate(window))
    return np.asarray(sum(weight * rows[:, :, i : i + width] for i, weight in enumerate(window)))


def _halved(image: Float) -> Float:
    height, width = image.shape[0] // 2, image.shape[1] // 2
    return image[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))
