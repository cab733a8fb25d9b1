"""How left-right symmetric a picture is: frontal chest images are, lateral ones are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data_splits.images.decode import read_image

SIDE = 64


def mirror_correlation(image: Path | NDArray[np.uint8]) -> float:
    """Pearson correlation of an image with its mirror image, at 64 pixels, the best over shifts of up to 12 %.

    1 for a symmetric picture; unitless; higher is more symmetric. A constant picture gives 0.
    """
    pixels = read_image(image) if isinstance(image, Path) else image
    small = np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
    reach = SIDE // 8
    return max(_correlation(small[:, max(0, k) : SIDE + min(0, k)]) for k in range(-2 * reach, 2 * reach + 1, 2))


def _correlation(part: NDArray[np.float64]) -> float:
    centred = part - part.mean()
    power = float((centred**2).sum())
    return float((centred * centred[:, ::-1]).sum() / power) if power > 0 else 0.0
