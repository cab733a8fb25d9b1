import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model_adapters.inference.hashing import image_hash

images = hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)))


@given(images, images)
def test_equal_exactly_when_the_images_are(one, other) -> None:
    assert (image_hash(one) == image_hash(other)) == (one.shape == other.shape and bool((one == other).all()))


def test_memory_layout_does_not_matter() -> None:
    image = np.arange(60, dtype=np.uint8).reshape(10, 6)
    assert image_hash(np.asfortranarray(image)) == image_hash(image)
    assert image_hash(image[::-1][::-1]) == image_hash(image)


@pytest.mark.parametrize("bad", [np.zeros((2, 2)), np.zeros((2, 2, 4), np.uint8), np.zeros(4, np.uint8)])
def test_refuses_what_is_no_image(bad) -> None:
    with pytest.raises(ValueError, match="uint8"):
        image_hash(bad)
