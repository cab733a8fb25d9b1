from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chexgenbench.nearest import Points, nearest, slack, tiles


def brute_force(q: np.ndarray, r: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    distance = np.sqrt(((q.astype(float)[:, None] - r.astype(float)[None]) ** 2).sum(2))
    index = np.argsort(distance, axis=1, kind="stable")[:, :k]
    return index, np.take_along_axis(distance, index, axis=1)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_equals_sorting_all_distances(offset: float) -> None:
    rng = np.random.default_rng(0)
    q, r = (rng.normal(size=(n, 24)).astype(np.float32) + np.float32(offset) for n in (150, 220))
    index, distance = nearest(q, r, 4)
    expected_index, expected = brute_force(q, r, 4)
    assert np.array_equal(index, expected_index)
    np.testing.assert_allclose(distance, expected, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float32, (17, 2), elements=st.integers(-2, 2)),
    arrays(np.float32, (23, 2), elements=st.integers(-2, 2)),
    st.integers(1, 23),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_ties_and_duplicates_are_ordered_by_row(q: np.ndarray, r: np.ndarray, k: int, block: int, tile: int) -> None:
    index, distance = nearest(q, r, k, block=block, tile=tile)
    expected_index, expected = brute_force(q, r, k)
    assert np.array_equal(index, expected_index)
    assert np.array_equal(distance, expected)


@pytest.mark.parametrize("spread", [1e-7, 1e-4, 1.0])
def test_bits_do_not_depend_on_block_or_tile_even_for_near_ties(spread: float) -> None:
    """At the smaller spreads float32 products cannot tell the references of a cluster apart."""
    rng = np.random.default_rng(1)
    modes = 50 * rng.normal(size=(3, 64))
    r = (modes[rng.integers(0, 3, 400)] + spread * rng.normal(size=(400, 64))).astype(np.float32)
    q = (modes[rng.integers(0, 3, 90)] + spread * rng.normal(size=(90, 64))).astype(np.float32)
    base = nearest(q, r, 6)
    assert np.array_equal(base[0], brute_force(q, r, 6)[0])
    for block, tile in ((1, 400), (7, 13), (90, 3), (64, 128)):
        other = nearest(q, r, 6, block=block, tile=tile)
        assert np.array_equal(other[0], base[0]) and np.array_equal(other[1], base[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dim", [3, 768, 2048])
def test_bounds_hold_the_true_distance(dim: int, dtype: type) -> None:
    rng = np.random.default_rng(2)
    a, b = (rng.normal(size=(60, dim)).astype(np.float32) * 10 + 3 for _ in range(2))
    a[:20] = b[:20] + np.float32(1e-4) * rng.normal(size=(20, dim)).astype(np.float32)
    centre = b.mean(0, dtype=float)
    p, q = Points.of(a, centre), Points.of(b, centre)
    ((_, bounds),) = tiles(p, q, slice(0, 60), 60)
    lower, gap = bounds(dtype)
    true = ((a.astype(np.longdouble)[:, None] - b.astype(np.longdouble)[None]) ** 2).sum(2)
    upper = lower + gap * (p.squares[:, None] + q.squares)
    assert gap == 2 * slack(dim, dtype)
    assert (lower <= true).all() and (true <= upper).all()


def test_wrong_inputs_are_named() -> None:
    x = np.zeros((4, 3), np.float32)
    with pytest.raises(ValueError, match="k = 5"):
        nearest(x, x, 5)
    with pytest.raises(ValueError, match="dimension"):
        nearest(x, np.zeros((4, 2), np.float32), 1)
    with pytest.raises(ValueError, match="float32"):
        nearest(x.astype(float), x, 1)
    x[2, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        nearest(x, x, 1)
