"""Closed form at zero errors, order against Hoeffding, and the pilot's Frank-Wolfe figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.hoeffding_occam import hoeffding_occam


def test_zero_errors_have_a_closed_form() -> None:
    n = np.array([10, 80, 1000])
    wanted = 1 - (0.05 / 481) ** (1 / n)
    np.testing.assert_allclose(chernoff_occam(0.0, n, math.log(481), 0.05), wanted, rtol=1e-12)


def test_never_above_hoeffding_nor_above_one() -> None:
    risk, n, nats = np.meshgrid(np.linspace(0, 1, 41), [5, 25, 100, 10_000], [0.0, 3.0, 20.0])
    found = chernoff_occam(risk, n, nats, 0.05)
    assert (found <= hoeffding_occam(risk, n, nats, 0.05)).all() and (found <= 1).all() and (found >= risk).all()


def test_figures_of_the_references() -> None:
    """[1c]: r = .10, n = 80, 20,000 candidates .344. [6.1]: n = 100, r = .05, K = 20, T Frank-Wolfe steps."""
    assert float(chernoff_occam(0.1, 80, math.log(20_000), 0.05)) == pytest.approx(0.344, abs=5e-4)
    steps = np.array([1, 3, 5, 10])
    found = chernoff_occam(0.05, 100, steps * math.log(21), 0.05)
    np.testing.assert_allclose(found, [0.162, 0.228, 0.284, 0.401], atol=5.1e-4)


def test_tightens_with_cases_and_loosens_with_choice() -> None:
    assert (np.diff(chernoff_occam(0.1, np.arange(10, 500, 10), 5.0, 0.05)) < 0).all()
    assert (np.diff(chernoff_occam(0.1, 100, np.linspace(0, 50, 51), 0.05)) > 0).all()
