"""The map against its definition, and its inverse."""

from __future__ import annotations

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.methods.satm.pictures import Scale
from model_adapters.methods.satm.whitening import EPS, Whitening

RNG = np.random.default_rng(0)
GREY = np.clip(0.5 + 0.3 * RNG.normal(size=(200, 16)) @ RNG.normal(size=(16, 16)) / 4, 0, 1)
GREY = GREY.astype(np.float32).reshape(200, 1, 4, 4)
SCALE = Scale.of(GREY)
SEEN = SCALE.standardised(GREY)
WHITE = Whitening.of(SEEN, SCALE)


def test_covariance_becomes_what_the_penalty_leaves_of_the_identity() -> None:
    """Of grey levels with covariance C, W C W = C (C + eps)^-1: as if no standardising had been done before."""
    found = np.cov(WHITE.whitened(SEEN).reshape(200, -1).T)
    grey = np.cov(GREY.astype(np.float64).reshape(200, -1).T)
    np.testing.assert_allclose(found, grey @ np.linalg.inv(grey + EPS * np.eye(16)), atol=1e-5)
    np.testing.assert_allclose(WHITE.whitened(SEEN).mean(axis=0), 0.0, atol=1e-5)
    # Closest to no map: symmetric and positive.
    assert np.array_equal(WHITE.there, WHITE.there.T) or np.allclose(WHITE.there, WHITE.there.T, atol=1e-6)
    assert np.linalg.eigvalsh(WHITE.there).min() > 0


def test_there_and_back() -> None:
    other = RNG.normal(size=(5, 1, 4, 4)).astype(np.float32)
    np.testing.assert_allclose(WHITE.seen(WHITE.whitened(other)), other, atol=1e-5)
    assert not np.allclose(WHITE.whitened(other), other, atol=0.1)


def test_fewer_images_than_pixels_have_an_inverse_too() -> None:
    few = Whitening.of(SEEN[:3], SCALE)
    np.testing.assert_allclose(few.seen(few.whitened(SEEN)), SEEN, atol=1e-4)


def test_large_images_are_refused() -> None:
    with pytest.raises(UserError, match="up to 64 px, not 65"):
        Whitening.of(np.zeros((2, 1, 65, 65), np.float32), SCALE)
