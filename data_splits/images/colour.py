"""Decode a photograph or a drawing to RGB, or say what is broken."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data_splits.errors import ImageUnreadable
from data_splits.images.decode import DECODE_ERRORS

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def read_colour(source: Path | bytes, name: str = "") -> NDArray[np.uint8]:
    """Decode an image to RGB, uint8[height, width, 3].

    As published multi-image harnesses do (`Image.open(...).convert("RGB")`): the first frame, no EXIF rotation,
    transparency dropped.

    Args:
        source: a file, or its bytes.
        name: what the message calls it; the path where empty.

    Raises:
        ImageUnreadable: missing, truncated, corrupt or no image. Nothing is ever substituted for it.
    """
    called = name or str(source if isinstance(source, Path) else "(bytes)")
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            return np.array(image.convert("RGB"), dtype=np.uint8)
    except FileNotFoundError:
        raise ImageUnreadable(f"Image {called} does not exist.") from None
    except Image.UnidentifiedImageError as error:
        raise ImageUnreadable(f"Image {called} cannot be decoded (not an image of a known format).") from error
    except DECODE_ERRORS as error:
        raise ImageUnreadable(f"Image {called} cannot be decoded ({error or type(error).__name__}).") from error
