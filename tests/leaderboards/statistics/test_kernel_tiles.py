from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics import kernel_tiles
from leaderboards.statistics.kernel_tiles import (
    RBF,
    Polynomial,
    median_distance,
    row_sums,
    squared_distances,
    symmetric_row_sums,
)


@pytest.mark.parametrize("kernel", [Polynomial.of_kid(7), RBF(2.0)])
def test_sums_equal_those_of_the_whole_matrix(kernel: kernel_tiles.Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_tiles.spans, "__defaults__", (16,))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 7)).astype(np.float32), rng.normal(size=(33, 7)).astype(np.float32)
    matrix = kernel(x.astype(float), y.astype(float))
    over_y, over_x = row_sums(x, y, kernel)
    np.testing.assert_allclose(over_y, matrix.sum(1), rtol=1e-12)
    np.testing.assert_allclose(over_x, matrix.sum(0), rtol=1e-12)
    np.testing.assert_allclose(
        symmetric_row_sums(x, kernel), kernel(x.astype(float), x.astype(float)).sum(1), rtol=1e-12
    )


@pytest.mark.parametrize("threads", [2, 3])
def test_bits_do_not_depend_on_the_number_of_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_limits

    from leaderboards.statistics import blas

    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(1300, 40)).astype(np.float32), rng.normal(size=(700, 40)).astype(np.float32)
    kernel = Polynomial.of_kid(40)
    monkeypatch.setattr(blas, "MAX_WORKERS", 1)
    with threadpool_limits(1):
        one = (*row_sums(x, y, kernel), symmetric_row_sums(x, kernel))
    monkeypatch.setattr(blas, "MAX_WORKERS", threads)
    monkeypatch.setattr(kernel_tiles, "STRIPS", threads)
    with threadpool_limits(threads):
        many = (*row_sums(x, y, kernel), symmetric_row_sums(x, kernel))
    assert all(np.array_equal(a, b) for a, b in zip(one, many, strict=True))


def test_kernels_by_scalar_definition() -> None:
    x, y = np.array([[1.0, 2.0]]), np.array([[3.0, -1.0]])
    assert Polynomial.of_kid(2)(x, y)[0, 0] == pytest.approx((1.0 / 2 + 1) ** 3)
    assert RBF(1.5)(x, y)[0, 0] == pytest.approx(np.exp(-13 / (2 * 2.25)))
    assert squared_distances(x, x)[0, 0] == 0.0


def test_median_distance_is_that_of_all_pairs_or_of_a_fixed_choice() -> None:
    from scipy.spatial.distance import pdist

    x = np.random.default_rng(1).normal(size=(300, 5)).astype(np.float32) + 100
    assert median_distance(x) == pytest.approx(np.median(pdist(x.astype(float))), rel=1e-9)
    assert median_distance(x, limit=100) == median_distance(x, limit=100) != median_distance(x)


@pytest.mark.parametrize("x", [np.ones((1, 3)), np.ones((9, 3))])
def test_no_bandwidth_without_spread(x: np.ndarray) -> None:
    with pytest.raises(ValueError):
        median_distance(x)
    with pytest.raises(ValueError):
        RBF(0.0)
