"""Adjusted p-values against scipy, a closed form and the error rates they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control, norm

from leaderboards.statistics.multiplicity import benjamini_hochberg, holm


@pytest.mark.parametrize("count", [1, 2, 14, 200])
def test_benjamini_hochberg_agrees_with_scipy(count: int) -> None:
    p = np.random.default_rng(count).uniform(size=count) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p, method="bh"), rtol=1e-14)


def test_holm_agrees_with_its_definition() -> None:
    """Adjusted p of the j-th smallest is the largest of (m - i + 1) p_(i) over i <= j, at most 1."""
    p = np.random.default_rng(0).uniform(size=9)
    by_size = sorted(range(9), key=lambda index: p[index])
    for place, index in enumerate(by_size):
        wanted = max((9 - i) * p[by_size[i]] for i in range(place + 1))
        assert holm(p)[index] == pytest.approx(min(1.0, wanted), rel=1e-14)


def test_holm_by_hand_with_ties() -> None:
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.01]), [0.04, 0.06, 0.06, 0.04])


def test_holm_bounds_any_false_rejection_where_raw_p_values_do_not() -> None:
    p = np.random.default_rng(1).uniform(size=(2000, 14))
    assert np.mean([(holm(row) <= 0.05).any() for row in p]) < 0.065
    assert np.mean((p <= 0.05).any(axis=1)) > 0.4


@pytest.mark.parametrize("shared", [0.0, 0.5])
def test_benjamini_hochberg_bounds_false_discoveries_where_raw_p_values_do_not(shared: float) -> None:
    """Ten of forty effects are real; tests are independent, or positively dependent through a shared part."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=(1500, 40)) * np.sqrt(1 - shared) + rng.normal(size=(1500, 1)) * np.sqrt(shared)
    z[:, :10] += 3

    def false_share(rejected: np.ndarray) -> float:
        return float(np.mean(rejected[:, 10:].sum(axis=1) / np.maximum(rejected.sum(axis=1), 1)))

    p = norm.sf(z)
    assert false_share(np.array([benjamini_hochberg(row) for row in p]) <= 0.1) <= 0.1
    assert false_share(p <= 0.1) > 0.14


def test_adjustment_keeps_the_order_given_and_empty_lists() -> None:
    p = np.random.default_rng(2).uniform(size=12)
    shuffle = np.random.default_rng(3).permutation(12)
    for adjust in (holm, benjamini_hochberg):
        np.testing.assert_array_equal(adjust(p)[shuffle], adjust(p[shuffle]))
        assert adjust([]).shape == (0,)
        with pytest.raises(ValueError):
            adjust([0.2, 1.2])
        with pytest.raises(ValueError):
            adjust([0.2, float("nan")])
