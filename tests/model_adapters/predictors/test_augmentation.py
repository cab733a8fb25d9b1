from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage

from model_adapters.predictors.augmentation import Augmentation, applied


def picture() -> np.ndarray:
    """A smooth blob off the centre."""
    rows, columns = np.mgrid[:48, :64]
    return np.exp(-((rows - 18) ** 2 + (columns - 40) ** 2) / 60).astype(np.float32)


def view(image: np.ndarray, angle: float = 0.0, contrast: float = 1.0, brightness: float = 0.0, side: float = 1.0):
    drawn = torch.tensor([[angle, contrast, brightness, side]])
    return applied(torch.from_numpy(image)[None, None], drawn)[0, 0].numpy()


def test_nothing_drawn_is_nothing_done() -> None:
    assert np.allclose(view(picture()), picture(), atol=1e-5)


def test_a_flip_is_a_mirror_image() -> None:
    assert np.allclose(view(picture(), side=-1.0), picture()[:, ::-1], atol=1e-5)


def test_rotation_is_scipys_also_of_an_oblong_image() -> None:
    expected = ndimage.rotate(picture(), 10.0, reshape=False, order=1)
    assert np.abs(view(picture(), angle=10.0) - expected).max() < 0.02
    assert np.abs(view(picture(), angle=-10.0) - expected).max() > 0.2


def test_brightness_and_contrast() -> None:
    image = picture() * 0.5 + 0.2
    assert np.allclose(view(image, brightness=0.1), image + 0.1, atol=1e-5)
    wide = view(image, contrast=1.1)
    assert np.allclose(wide, (image - image.mean()) * 1.1 + image.mean(), atol=1e-5)


def test_draws_stay_in_their_bounds_and_follow_from_the_seed() -> None:
    drawn = Augmentation(degrees=10, brightness=0.1, contrast=0.2, flip=True).draw(4000, 1)
    assert np.abs(drawn[:, 0]).max() <= 10 and np.abs(drawn[:, 1] - 1).max() <= 0.2 and np.abs(drawn[:, 2]).max() <= 0.1
    assert 0.45 < (drawn[:, 3] == -1).mean() < 0.55
    assert np.array_equal(drawn, Augmentation(degrees=10, brightness=0.1, contrast=0.2, flip=True).draw(4000, 1))
    assert (Augmentation().draw(100, 1)[:, 3] == 1).all(), "only the published recipe mirrors"
