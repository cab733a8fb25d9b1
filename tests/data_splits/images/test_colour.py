"""Colour images are decoded as the published harnesses do, or named."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_splits.errors import ImageUnreadable
from data_splits.images.colour import read_colour

PIXELS = np.random.default_rng(0).integers(0, 255, (5, 7, 3)).astype(np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **how)
    return stream.getvalue()


def test_rgb_grey_palette_and_transparency() -> None:
    assert np.array_equal(read_colour(encoded(Image.fromarray(PIXELS))), PIXELS)
    grey = read_colour(encoded(Image.fromarray(PIXELS[:, :, 0])))
    assert np.array_equal(grey, PIXELS[:, :, :1].repeat(3, 2))
    layered = np.dstack([PIXELS, np.zeros((5, 7), np.uint8)])
    assert np.array_equal(read_colour(encoded(Image.fromarray(layered))), PIXELS)  # transparency dropped


def test_exif_rotation_is_not_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_colour(encoded(Image.fromarray(PIXELS), "JPEG", exif=exif)).shape == PIXELS.shape


def test_files_and_broken_ones(tmp_path: Path) -> None:
    data = encoded(Image.fromarray(PIXELS))
    (tmp_path / "good.png").write_bytes(data)
    assert np.array_equal(read_colour(tmp_path / "good.png"), PIXELS)
    for content, message in ((data[:-30], "cannot be decoded"), (b"no image", "known format"), (b"", "known format")):
        (tmp_path / "bad.png").write_bytes(content)
        with pytest.raises(ImageUnreadable, match=message):
            read_colour(tmp_path / "bad.png")
    with pytest.raises(ImageUnreadable, match="does not exist"):
        read_colour(tmp_path / "absent.png")
    with pytest.raises(ImageUnreadable, match="row 3"):
        read_colour(b"no image", "row 3")
