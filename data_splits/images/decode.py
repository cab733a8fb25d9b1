"""Decode any image file to a displayed grey image, or say which file is broken."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from data_splits.errors import ImageUnreadable

SUFFIXES = (".png", ".jpg", ".jpeg", ".dcm", ".dicom")
"""File endings of the formats that are read (a DICOM file is known by its content as well)."""

DECODE_ERRORS = (
    OSError,
    SyntaxError,  # Pillow's name for a broken PNG chunk
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    OverflowError,
    Image.DecompressionBombError,
)


def read_image(path: Path | str, *, frontal: bool = True) -> NDArray[np.uint8]:
    """Decode a PNG, JPEG or DICOM file to uint8[height, width]: 0 black, bright = dense (MONOCHROME2).

    16-bit grey PNG is divided by 257, so full scale stays full scale; 8-bit grey is passed through unchanged; colour
    becomes luma (ITU-R 601, exact for equal channels); transparent pixels lie on black; the EXIF orientation is
    applied. DICOM follows `data_splits.images.dicom.read_dicom`.

    Args:
        path: the file.
        frontal: refuse a DICOM file that says it is a lateral view.

    Raises:
        ImageUnreadable: missing, truncated, corrupt, animated, or not an image of these formats. Nothing is ever
            substituted for an image that cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(132)
    except FileNotFoundError:
        raise ImageUnreadable(f"Image file {path} does not exist.") from None
    except OSError as error:
        raise ImageUnreadable(f"Image file {path} cannot be opened: {error.strerror or error}.") from error
    if not head:
        raise ImageUnreadable(f"Image file {path} is empty.")
    if head[128:132] == b"DICM" or path.suffix.lower() in (".dcm", ".dicom"):
        from data_splits.images.dicom import read_dicom

        return read_dicom(path, frontal=frontal)
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if getattr(image, "n_frames", 1) > 1 and image.format == "PNG":
                raise ImageUnreadable(f"Image file {path} holds several frames; one still image is needed.")
            image.load()
            return grey(ImageOps.exif_transpose(image))
    except DECODE_ERRORS as error:
        raise ImageUnreadable(f"Image file {path} cannot be decoded ({_reason(error)}).") from error


def grey(image: Image.Image) -> NDArray[np.uint8]:
    """A loaded Pillow image as uint8[height, width], by the rules of `read_image`.

    Raises:
        ValueError: values that have no place on an 8 or 16 bit scale.
    """
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N", "I"):
        wide = np.asarray(image).astype(np.int64)
        if wide.min() < 0 or wide.max() > 65535:
            raise ValueError("grey values beyond 16 bits")
        return ((wide + 128) // 257).astype(np.uint8)
    if image.mode == "F":
        raise ValueError("floating-point grey values")
    if "transparency" in image.info or image.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        layered = image.convert("RGBA")
        black = Image.new("RGBA", layered.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, layered).convert("RGB")
    elif image.mode not in ("L", "1", "RGB"):
        image = image.convert("RGB")
    return np.array(image.convert("L"), dtype=np.uint8)


def _reason(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "not a PNG, JPEG or DICOM image"
    return str(error) or type(error).__name__
