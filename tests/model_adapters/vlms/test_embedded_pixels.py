"""The second look of the embedded VLM: thumbnails, and what it does not answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model_adapters.vlms import embedded_analogy, embedded_jigsaw
from model_adapters.vlms.embedded_pixels import SIDE, TASKS, Pixels, scaled, thumbnail
from model_adapters.vlms.smollm2 import WIDTH


def test_a_pixel_of_a_thumbnail_is_the_mean_of_its_area() -> None:
    image = np.random.default_rng(0).integers(0, 256, (2 * SIDE, 3 * SIDE, 3), dtype=np.uint8)
    small = thumbnail(image)
    assert (small.shape, small.dtype) == ((SIDE, SIDE, 3), np.uint8)
    means = image.reshape(SIDE, 2, SIDE, 3, 3).mean((1, 3))
    assert np.abs(small - means).max() <= 1  # rounded once for each direction


def test_a_grey_image_has_three_like_channels() -> None:
    image = np.arange(30 * 20, dtype=np.uint16).reshape(30, 20).astype(np.uint8)
    small = thumbnail(image)
    assert np.array_equal(small[..., 0], small[..., 2])
    assert np.array_equal(small, thumbnail(np.repeat(image[..., None], 3, 2)))


def test_the_scale_ends_at_two() -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[0, 1] = 255
    x = scaled(image)
    assert x.shape == (3, SIDE, SIDE)
    assert x.min() == -2
    assert torch.equal(x[:, 0, 1], torch.full((3,), 2.0))


@pytest.mark.parametrize(
    ("task", "images", "answers"),
    [("analogy", 4, embedded_analogy.ANSWERS), ("image_jigsaw", 5, embedded_jigsaw.OPTIONS)],
)
def test_it_answers_its_tasks_with_as_many_images_as_they_have(
    task: str, images: int, answers: tuple[str, ...]
) -> None:
    torch.manual_seed(0)
    pixels, words = Pixels().eval(), torch.randn(30, WIDTH)
    assert task in TASKS
    with torch.no_grad():
        seen = torch.randn(images + 1, 3, SIDE, SIDE)
        assert pixels(task, seen[:-1], words) in answers
        assert pixels(task, seen, words) is None
        assert pixels(task, seen[: images - 1], words) is None
        assert pixels("count", seen[:-1], words) is None
