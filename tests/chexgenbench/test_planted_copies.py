from __future__ import annotations

import numpy as np
import pytest
from textures import flat, textures

from chexgenbench.planted_copies import KINDS, NOISE, plant

IMAGES = flat(textures(8, seed=3))


def test_each_kind_does_what_its_name_says() -> None:
    shown = {kind: plant(IMAGES, kind, seed=0) for kind in KINDS}
    for copy in shown.values():
        assert copy.shape == IMAGES.shape and copy.dtype == np.float32 and copy.min() >= 0 and copy.max() <= 1
    planes = {kind: copy.reshape(-1, 64, 64) for kind, copy in shown.items()}
    originals = IMAGES.reshape(-1, 64, 64)
    np.testing.assert_array_equal(shown["plain"], IMAGES)
    np.testing.assert_array_equal(planes["flipped"], originals[:, :, ::-1])
    inside = (IMAGES > 0.1) & (IMAGES < 0.9)
    assert (shown["noisy"] - IMAGES)[inside].std() == pytest.approx(NOISE, rel=0.05)
    for plain, contrasted in zip(IMAGES, shown["contrast"], strict=True):
        assert (np.diff(contrasted[np.argsort(plain, kind="stable")]) >= 0).all()


def test_a_cropped_copy_shows_80_to_100_percent_of_a_ramp() -> None:
    ramp = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[:, None], 64, axis=1).reshape(1, -1)
    slopes = [np.diff(plant(ramp, "cropped", seed).reshape(64, 64)[4:-4, 32]).mean() * 63 for seed in range(30)]
    assert min(slopes) == pytest.approx(0.8, abs=0.05) and max(slopes) == pytest.approx(1.0, abs=0.05)


def test_seeds_and_images_have_their_own_chance() -> None:
    assert (plant(IMAGES, "noisy", 0) == plant(IMAGES, "noisy", 0)).all()
    assert (plant(IMAGES, "noisy", 0) != plant(IMAGES, "noisy", 1)).any()
    noise = plant(IMAGES, "noisy", 0) - IMAGES
    assert abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.1
