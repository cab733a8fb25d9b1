"""Images are decoded when looked at, in the right order, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from chexgenbench.lazy_images import LazyImages, grey


def test_an_image_is_decoded_on_access_and_selections_keep_their_order() -> None:
    read: list[int] = []

    def loader(level: int) -> np.ndarray:
        read.append(level)
        return np.full((2, 3), level, np.uint8)

    images = LazyImages([lambda level=level: loader(level) for level in range(5)])
    chosen = images.take([3, 0, 3])[1:]
    assert len(images) == 5 and len(chosen) == 2 and read == []
    assert [int(image[0, 0]) for image in chosen] == [0, 3] and read == [0, 3]
    assert int(images[-1][0, 0]) == 4
    with pytest.raises(IndexError):
        images[5]


def test_colour_becomes_the_mean_of_its_channels() -> None:
    colour = np.array([[[10, 20, 33], [0, 0, 1]]], np.uint8)
    assert grey(colour).tolist() == [[21, 0]]
    assert grey(colour).dtype == np.uint8
    flat = np.zeros((2, 2), np.uint8)
    assert grey(flat) is flat
