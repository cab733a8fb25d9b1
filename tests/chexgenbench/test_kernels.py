from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from made_features import side

from chexgenbench.kernels import pair_sums
from leaderboards.statistics.kernel_tiles import RBF, Kernel, Polynomial


@pytest.mark.parametrize("kernel", [Polynomial.of_kid(5), RBF(2.0)])
def test_removed_sums_are_what_deleting_a_patient_removes(kernel: Kernel) -> None:
    rng = np.random.default_rng(0)
    of_x, of_y = rng.integers(0, 9, 40), rng.integers(3, 14, 50)
    x, y = side(rng.normal(size=(40, 5)), of_x), side(rng.normal(size=(50, 5)), of_y)
    arrays = pair_sums(x, y, kernel)
    for unit, patient in enumerate(np.unique(np.concatenate([x.patients, y.patients]))):
        rest_x, rest_y = x.take(np.flatnonzero(x.patients != patient)), y.take(np.flatnonzero(y.patients != patient))
        rest = pair_sums(rest_x, rest_y, kernel)
        np.testing.assert_allclose(arrays["total_sum"] - arrays["removed_sum"][unit], rest["total_sum"], rtol=1e-9)
        assert np.array_equal(arrays["total_count"] - arrays["removed_count"][unit], rest["total_count"])


def test_a_centre_moves_no_rbf_sum() -> None:
    rng = np.random.default_rng(1)
    x, y = side(rng.normal(size=(30, 5)) + 3), side(rng.normal(size=(30, 5)) + 3, prefix="r")
    plain, centred = (pair_sums(x, y, RBF(2.0), centre) for centre in (None, np.full(5, 3.0)))
    for name in plain:
        np.testing.assert_allclose(plain[name], centred[name], rtol=1e-9)


def test_blocks_of_a_private_reference_hold_at_least_20_patients() -> None:
    rng = np.random.default_rng(2)
    of = np.repeat(np.arange(130), 2)
    arrays = pair_sums(side(rng.normal(size=(260, 3)), of), side(rng.normal(size=(260, 3)), of), RBF(1.0), share=False)
    assert len(arrays["size"]) == 6
    assert arrays["size"].min() >= 2 * 2 * 20
    few = pair_sums(side(rng.normal(size=(30, 3))), side(rng.normal(size=(12, 3)), prefix="r"), RBF(1.0), share=False)
    assert len(few["size"]) == 1


def test_no_square_matrix_is_held() -> None:
    """A 4000 x 4000 float64 kernel matrix would take 128 MB."""
    rng = np.random.default_rng(3)
    x, y = side(rng.normal(size=(4000, 8))), side(rng.normal(size=(4000, 8)), prefix="r")
    tracemalloc.start()
    pair_sums(x, y, Polynomial.of_kid(8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6
