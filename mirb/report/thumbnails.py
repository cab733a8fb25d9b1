"""Images of questions as small data URIs; equal pixels give equal bytes."""

from __future__ import annotations

import io

import numpy as np

from data_splits.question import ColourImage
from leaderboards.reporting.svg import data_uri

SIDE = 300
"""Longest side of an embedded image in pixels: code and ingredient lists can just be read."""
QUALITY = 80


def thumbnail(pixels: ColourImage) -> bytes:
    """The image at most SIDE pixels large: as PNG where that is smaller (drawings), else as JPEG (photographs)."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB")
    if max(image.size) > SIDE:
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    jpeg, png = io.BytesIO(), io.BytesIO()
    image.save(jpeg, "JPEG", quality=QUALITY, optimize=True)
    image.save(png, "PNG", compress_level=6)
    return min(png.getvalue(), jpeg.getvalue(), key=len)


def uri(encoded: bytes) -> str:
    """The data URI of a thumbnail."""
    return data_uri(encoded, "image/png" if encoded.startswith(b"\x89PNG") else "image/jpeg")
