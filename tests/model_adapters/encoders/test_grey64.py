from __future__ import annotations

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.check import check_encoder
from model_adapters.encoders import ENCODERS
from model_adapters.protocols import BuildContext
from tests.model_adapters.encoders.tiny import encode_all, random_image

encoder = ENCODERS.build("grey64", BuildContext())


def test_passes_the_checks_of_an_adapter() -> None:
    checks = check_encoder(encoder, [random_image(seed) for seed in range(3)])
    assert not [check for check in checks if check.passed is False]


def test_at_64_px_it_is_the_image() -> None:
    image = random_image(0, 64, 64)
    np.testing.assert_allclose(encode_all(encoder, [image])[0].reshape(64, 64), image / 255, atol=1e-6)


def test_a_reduction_by_a_whole_factor_keeps_the_mean_and_averages_noise() -> None:
    """Antialiasing: the noise of 16 pixels is averaged. Picking one pixel of 16 would leave it as it is."""
    rng = np.random.default_rng(0)
    image = np.clip(128 + rng.normal(0, 20, (256, 256)), 0, 255).astype(np.uint8)
    (small,) = encode_all(encoder, [image])
    assert small.mean() == pytest.approx(image.mean() / 255, abs=2e-3)
    assert small.std() < 0.35 * image.std() / 255


def test_sides_are_squashed_and_extremes_stay_in_range() -> None:
    image = np.zeros((100, 300), np.uint8)
    image[:, 150:] = 255
    (feature,) = encode_all(encoder, [image])
    plane = feature.reshape(64, 64)
    assert plane.min() == 0.0 and plane.max() == 1.0
    np.testing.assert_allclose(plane[:, :30], 0, atol=1e-6)
    np.testing.assert_allclose(plane[:, 34:], 1, atol=1e-6)


def test_colour_is_averaged() -> None:
    colour = np.stack([random_image(seed, 64, 64) for seed in range(3)], axis=-1)
    np.testing.assert_allclose(encode_all(encoder, [colour])[0].reshape(64, 64), colour.mean(-1) / 255, atol=1e-6)


def test_another_dtype_and_another_batch_are_refused() -> None:
    with pytest.raises(UserError, match="float32"):
        ENCODERS.build("grey64", BuildContext(dtype="float16"))
    with pytest.raises(ValueError, match="grey64 encodes"):
        encoder.encode(np.zeros((1, 3, 64, 64), np.float32))
