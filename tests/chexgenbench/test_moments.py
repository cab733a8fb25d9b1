"""Moments against numpy, in any chunks and any shards."""

from __future__ import annotations

import numpy as np
import pytest

from chexgenbench.moments import Moments

RNG = np.random.default_rng(0)
FEATURES = (RNG.normal(size=(500, 9)) + 4).astype(np.float32)
BLOCK = RNG.integers(0, 7, 500)


def assert_close(a: Moments, b: Moments) -> None:
    np.testing.assert_array_equal(a.count, b.count)
    np.testing.assert_allclose(a.total, b.total, rtol=1e-12)
    np.testing.assert_allclose(a.outer, b.outer, rtol=1e-12)


def test_mean_and_covariance_agree_with_numpy() -> None:
    moments = Moments.of(FEATURES, BLOCK)
    wide = FEATURES.astype(np.float64)
    np.testing.assert_allclose(moments.mean(), wide.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance(), np.cov(wide, rowvar=False), rtol=1e-10)
    chosen = wide[BLOCK == 3]
    np.testing.assert_allclose(moments.outer[3], chosen.T @ chosen, rtol=1e-12)
    assert moments.images == 500


@pytest.mark.parametrize("chunk", [1, 13, 10_000])
def test_chunks_do_not_matter(chunk: int) -> None:
    assert_close(Moments.of(FEATURES, BLOCK, chunk=chunk), Moments.of(FEATURES, BLOCK))


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_shards_add_up(shards: int) -> None:
    parts = np.array_split(RNG.permutation(500), shards)
    assert_close(Moments.sum(Moments.of(FEATURES[p], BLOCK[p], 7) for p in parts), Moments.of(FEATURES, BLOCK))
    assert_close(Moments.of(FEATURES, BLOCK).merged(), Moments.of(FEATURES))


def test_moments_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Moments.of(FEATURES) + Moments.of(FEATURES[:, :4])
    with pytest.raises(ValueError, match="do not fit"):
        Moments.of(FEATURES, BLOCK[:4])
    with pytest.raises(ValueError, match="no moments"):
        Moments.sum([])
