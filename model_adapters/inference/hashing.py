"""The hash of what an image shows, whatever file format carried it."""

from __future__ import annotations

import hashlib

import numpy as np

from model_adapters.protocols import Image


def image_hash(pixels: Image) -> str:
    """Hex sha256 of a displayed image: its shape and its uint8 pixels in row order.

    Two files with equal pixels have equal hashes; the same bytes in another shape have not.

    Raises:
        ValueError: the array is not uint8[H, W] or uint8[H, W, 3].
    """
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ValueError(f"an image is uint8[H, W] or uint8[H, W, 3], not {pixels.dtype}{list(pixels.shape)}")
    digest = hashlib.sha256(f"uint8{list(pixels.shape)}".encode())
    digest.update(np.ascontiguousarray(pixels).tobytes())
    return digest.hexdigest()
