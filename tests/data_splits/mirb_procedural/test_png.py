"""The pinned PNG encoder: Pillow and zlib read back what it wrote."""

from __future__ import annotations

import hashlib
import io
import zlib

import numpy as np
import pytest
from PIL import Image

from data_splits.mirb_procedural.png import deflate, encode


@pytest.mark.parametrize("run", [*range(1, 40), 257, 258, 259, 260, 261, 262, 515, 516, 517, 518, 519, 5000])
def test_deflate_is_undone_by_zlib(run: int) -> None:
    data = np.concatenate([[9], np.full(run, 200), [0, 255]]).astype(np.uint8)
    assert zlib.decompress(deflate(data), -15) == data.tobytes()


def test_every_byte_has_a_code() -> None:
    data = np.arange(256).repeat(2).astype(np.uint8)
    assert zlib.decompress(deflate(data), -15) == data.tobytes()


@pytest.mark.parametrize(("colours", "mode"), [(1, "P"), (2, "P"), (256, "P"), (400, "RGB")])
def test_pillow_reads_the_pixels_back(colours: int, mode: str) -> None:
    palette = np.arange(colours) * 40503 % (1 << 24)
    values = palette[np.random.default_rng(1).integers(0, colours, (37, 61))]
    values.flat[: len(palette)] = palette
    picture = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=2).astype(np.uint8)
    read = Image.open(io.BytesIO(encode(picture)))
    assert read.mode == mode
    assert np.array_equal(np.asarray(read.convert("RGB")), picture)


def test_bytes_are_pinned() -> None:
    picture = (np.indices((20, 30)).sum(axis=0)[:, :, None] * np.array([3, 5, 7])).astype(np.uint8)
    assert hashlib.sha256(encode(picture)).hexdigest() == PINNED


PINNED = "9a02f3082ddff6b66f24a6f00cf1f2d1f615a10c87926aa5997a31a3bd75f29d"
