from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.placements import placements, variance_of_sums


def test_placements_are_shares_below_with_ties_counted_half() -> None:
    assert placements(np.array([0.0, 1.0, 2.0, 9.0]), np.array([1.0, 1.0, 2.0, 3.0])).tolist() == [0, 0.25, 0.625, 1]
    assert placements(np.array([1.5]), np.array([1.0, 2.0]), np.array([3.0, 1.0])).tolist() == [0.75]


def test_placements_agree_with_all_pairs() -> None:
    rng = np.random.default_rng(0)
    one, other, weight = rng.integers(0, 9, 50) * 1.0, rng.integers(0, 9, 70) * 1.0, rng.random(70)
    wins = (one[:, None] > other) + 0.5 * (one[:, None] == other)
    assert np.allclose(placements(one, other, weight), wins @ weight / weight.sum())


def test_variance_counts_a_cluster_as_one() -> None:
    values = np.array([1.0, -1.0, 2.0, -2.0])
    assert variance_of_sums(values, np.arange(4)) == pytest.approx(10.0 * 4 / 3)
    assert variance_of_sums(values, np.array([0, 0, 1, 1])) == 0.0


def test_no_others_is_an_error() -> None:
    with pytest.raises(ValueError, match="others"):
        placements(np.zeros(2), np.zeros(0))
