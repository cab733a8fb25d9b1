"""Catoni's bound: by hand, the price of a grid, and its optimum over C, which is the kl inverse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboards.statistics.certificates.binary_kl import kl_inverse
from leaderboards.statistics.certificates.bounds.catoni import GRID, catoni
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl


def test_hand_calculation() -> None:
    wanted = (1 - math.exp(-2 * 0.1 - (1.5 + math.log(20)) / 100)) / (1 - math.exp(-2))
    assert float(catoni(0.1, 100, 1.5, 0.05, [2.0])) == pytest.approx(wanted, rel=1e-13)


def test_a_grid_is_paid_for() -> None:
    twice = float(catoni(0.1, 100, 1.5, 0.05, [2.0, 2.0]))
    assert twice == pytest.approx(float(catoni(0.1, 100, 1.5, 0.025, [2.0])), rel=1e-13)
    many = catoni(0.1, 100, 1.5, 0.05)
    best = min(float(catoni(0.1, 100, 1.5, 0.05 / len(GRID), [c])) for c in GRID)
    assert float(many) == pytest.approx(best, rel=1e-13)


def test_the_least_over_c_is_the_kl_inverse_without_the_price_of_all_c() -> None:
    """Germain et al. 2009, Proposition 2.1 and 2.2: sup over C of Catoni's divergence is kl."""
    fine = np.geomspace(0.01, 20, 20_001)
    nats = (3.0 - math.log(0.05)) / 100
    points = [float(catoni(0.1, 100, 3.0, 0.05, [c])) for c in fine[::40]]
    assert 0 <= min(points) - float(kl_inverse(0.1, nats)) < 1e-4


def test_tighter_than_kl_where_the_divergence_is_small() -> None:
    assert catoni(0.05, 1000, 0.1, 0.05, [0.4]) < pac_bayes_kl(0.05, 1000, 0.1, 0.05)


def test_vectorised_and_refused() -> None:
    both = catoni([0.0, 0.2], 100, [1.0, 2.0], 0.05)
    np.testing.assert_allclose(both, [catoni(0.0, 100, 1.0, 0.05), catoni(0.2, 100, 2.0, 0.05)], rtol=1e-15)
    for grid in ([], [0.0], [-1.0]):
        with pytest.raises(ValueError, match=r"grid|positive"):
            catoni(0.1, 100, 1.0, 0.05, grid)
