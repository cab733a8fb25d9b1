"""PNG and JPEG decoding against values written by the test, and the refusal of broken files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_splits.errors import ImageUnreadable
from data_splits.images import read_image


@pytest.fixture
def grey() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (19, 23), dtype=np.uint8)


def test_grey_png_is_passed_through(tmp_path: Path, grey: np.ndarray) -> None:
    Image.fromarray(grey).save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png")
    assert read.dtype == np.uint8
    assert np.array_equal(read, grey)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_equal_channels_alpha_and_palette_give_the_same_grey(tmp_path: Path, grey: np.ndarray, mode: str) -> None:
    image = Image.fromarray(grey)
    if mode == "P":
        image.putpalette([level for level in range(256) for _ in range(3)])
    else:
        image = image.convert(mode)
    image.save(tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").mode == mode
    assert np.array_equal(read_image(tmp_path / "a.png"), grey)


def test_transparent_pixels_lie_on_black(tmp_path: Path, grey: np.ndarray) -> None:
    alpha = np.full_like(grey, 255)
    alpha[:5] = 0
    Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)]).save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png")
    assert (read[:5] == 0).all()
    assert np.array_equal(read[5:], grey[5:])


def test_sixteen_bit_full_scale_stays_full_scale(tmp_path: Path) -> None:
    wide = np.array([[0, 257, 65535], [128 * 257, 100, 200]], dtype=np.uint16)
    Image.fromarray(wide).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png"), [[0, 1, 255], [128, 0, 1]])


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    upright = np.zeros((16, 32), dtype=np.uint8)
    upright[:, 16:] = 200
    exif = Image.Exif()
    exif[0x0112] = 3  # rotated by 180 degrees
    Image.fromarray(upright).save(tmp_path / "a.jpg", quality=95, exif=exif)
    read = read_image(tmp_path / "a.jpg").astype(int)
    assert read[:, :14].min() > 190
    assert read[:, 18:].max() < 10


def test_jpeg_matches_pillow(tmp_path: Path, grey: np.ndarray) -> None:
    Image.fromarray(grey).save(tmp_path / "a.jpeg", quality=80)
    assert np.array_equal(read_image(tmp_path / "a.jpeg"), np.asarray(Image.open(tmp_path / "a.jpeg")))


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_truncated_files_are_refused_by_name(tmp_path: Path, suffix: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 200), dtype=np.uint8)
    whole, path = tmp_path / f"whole.{suffix}", tmp_path / f"cut.{suffix}"
    Image.fromarray(noise).save(whole)
    path.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
    with pytest.raises(ImageUnreadable, match=f"cut.{suffix}"):
        read_image(path)


def test_flipped_byte_in_png_is_refused(tmp_path: Path, grey: np.ndarray) -> None:
    Image.fromarray(grey).save(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ImageUnreadable):
        read_image(tmp_path / "a.png")


def test_missing_wrong_and_animated_files_are_refused(tmp_path: Path, grey: np.ndarray) -> None:
    with pytest.raises(ImageUnreadable, match="does not exist"):
        read_image(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("image,prompt\n")
    with pytest.raises(ImageUnreadable, match="not a PNG, JPEG or DICOM image"):
        read_image(tmp_path / "text.png")
    frames = [Image.fromarray(grey), Image.fromarray(255 - grey)]
    frames[0].save(tmp_path / "film.png", save_all=True, append_images=frames[1:])
    with pytest.raises(ImageUnreadable, match="several frames"):
        read_image(tmp_path / "film.png")
    with pytest.raises(ImageUnreadable, match="cannot be opened"):
        read_image(tmp_path)


def test_shared_nih_image_is_256_grey(shared_data: Path) -> None:
    path = next((shared_data / "nih" / "images").glob("*.png"))
    assert np.array_equal(read_image(path), np.asarray(Image.open(path)))
