"""BioViL-T's preprocessing: published arithmetic on small cases, offsets, and images that must not break it."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

from model_adapters.encoders.biovil_t_preprocessing import preprocess
from tests.model_adapters.encoders.tiny import random_image


def test_minimum_and_maximum_become_0_and_255_cut_to_whole_numbers() -> None:
    ramp = np.linspace(40, 199, 512).astype(np.uint8)[None].repeat(512, 0)
    out = preprocess(ramp)
    assert out.shape == (3, 448, 448)
    assert out.dtype == np.float32
    values = ramp[0, 32:480].astype(float)
    expected = np.floor((values - 40) / (ramp.max() - 40) * 255)
    np.testing.assert_allclose(out[0, 7] * 255, expected, atol=1e-4)
    np.testing.assert_array_equal(out[1], out[0])
    assert not np.allclose(expected, np.round((values - 40) / (ramp.max() - 40) * 255))


def test_contrast_and_offset_do_not_matter_as_published() -> None:
    image = random_image(3, 512, 512) // 2
    assert (image.min(), image.max()) == (0, 127)
    np.testing.assert_array_equal(preprocess(image), preprocess(image + 60))


@pytest.mark.parametrize(
    ("height", "width", "size", "offset"),
    [
        (512, 512, (512, 512), (32, 32)),
        (600, 771, (512, 657), (32, 104)),  # 104.5 is rounded to the even 104
        (600, 773, (512, 659), (32, 106)),  # 105.5 to 106
        (300, 150, (1024, 512), (288, 32)),
    ],
)
def test_resize_then_crop(height: int, width: int, size: tuple[int, int], offset: tuple[int, int]) -> None:
    image = random_image(1, height, width)
    image[0, 0], image[-1, -1] = 0, 255  # already stretched
    whole = PIL.Image.fromarray(image).resize(size[::-1], PIL.Image.Resampling.BILINEAR)
    top, left = offset
    expected = np.asarray(whole)[top : top + 448, left : left + 448] / np.float32(255)
    np.testing.assert_allclose(preprocess(image)[0], expected, atol=1e-6)


def test_colour_becomes_grey_by_luma_after_a_common_stretch() -> None:
    image = np.zeros((448 + 64, 512, 3), np.uint8)
    image[..., 0], image[..., 1], image[..., 2] = 100, 50, 0
    expected = (round(0.299 * 255 + 0.587 * 127)) / 255
    assert preprocess(image) == pytest.approx(expected, abs=1.5 / 255)
    grey = random_image(2, 520, 530)
    np.testing.assert_array_equal(preprocess(grey), preprocess(np.repeat(grey[..., None], 3, axis=2)))


def test_an_image_of_one_value_is_black_and_not_nan() -> None:
    assert preprocess(np.full((20, 30), 77, np.uint8)).max() == 0


def test_the_image_is_left_alone() -> None:
    image = random_image(4)
    before = image.copy()
    preprocess(image)
    np.testing.assert_array_equal(image, before)
