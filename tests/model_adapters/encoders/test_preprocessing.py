from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
import torch

from model_adapters.encoders.preprocessing import (
    Filter,
    central_square,
    normalised,
    planes,
    resized,
    shortest_edge_crop,
    squashed,
)
from tests.model_adapters.encoders.tiny import random_image

GREY = random_image(0, 211, 173)
COLOUR = np.stack([random_image(seed, 211, 173) for seed in (1, 2, 3)], axis=-1)


@pytest.mark.parametrize("side", [97, 224, 299])
def test_float_bilinear_is_torch_antialiased_interpolation(side: int) -> None:
    ours = squashed(GREY, side, Filter.BILINEAR, rounded=False)[0]
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(GREY)[None, None].double(), (side, side), mode="bilinear", antialias=True, align_corners=False
    )[0, 0].numpy()
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_reducing_is_antialiased() -> None:
    stripes = np.zeros((512, 512), np.uint8)
    stripes[:, ::2] = 255
    small = squashed(stripes, 128, Filter.BILINEAR, rounded=False)[0]
    assert np.abs(small[:, 1:-1] - 127.5).max() < 2, "fine stripes must become grey, not a moire"


@pytest.mark.parametrize("rounded", [True, False])
def test_equal_channels_give_the_grey_bits(rounded: bool) -> None:
    tripled = np.repeat(GREY[..., None], 3, axis=-1)
    assert len(planes(tripled)) == 1
    for a, b in zip(
        squashed(tripled, 97, Filter.BICUBIC, rounded=rounded),
        squashed(GREY, 97, Filter.BICUBIC, rounded=rounded),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_colour_is_kept_and_is_pillows_rgb_resize() -> None:
    ours = np.stack(squashed(COLOUR, 97, Filter.BILINEAR, rounded=True), axis=-1)
    theirs = np.asarray(PIL.Image.fromarray(COLOUR).resize((97, 97), PIL.Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", [(211, 173), (173, 211), (64, 64), (40, 333)])
def test_shortest_edge_crop_is_the_hugging_face_processor(shape: tuple[int, int]) -> None:
    from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil

    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
    processor = BitImageProcessorPil(
        size={"shortest_edge": 60}, crop_size={"height": 56, "width": 56}, image_mean=mean, image_std=std, resample=3
    )
    image = np.stack([random_image(seed, *shape) for seed in (4, 5, 6)], axis=-1)
    theirs = processor(images=PIL.Image.fromarray(image), return_tensors="np")["pixel_values"][0]
    ours = normalised(shortest_edge_crop(list(planes(image)), 60, 56, Filter.BICUBIC), mean, std)
    assert ours.shape == (3, 56, 56)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_crop_beyond_the_edge_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than the shortest edge"):
        shortest_edge_crop([GREY], 32, 33, Filter.BICUBIC)


def test_same_size_is_untouched() -> None:
    assert resized(GREY, *GREY.shape, Filter.BICUBIC) is GREY


@pytest.mark.parametrize(("shape", "expected"), [((5, 9), (5, 5)), ((9, 4), (4, 4)), ((7, 7), (7, 7))])
def test_central_square(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    image = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    square = central_square(image)
    assert square.shape == expected
    rows, columns = (n // 2 - expected[0] // 2 for n in shape)
    np.testing.assert_array_equal(square, image[rows : rows + expected[0], columns : columns + expected[1]])


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros((4, 4), np.uint16),
    ],
)
def test_anything_but_a_displayed_image_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="an image is uint8"):
        planes(image)
