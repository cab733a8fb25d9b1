"""The quadratic bound is the root of its inequality, and the least lambda bound."""

from __future__ import annotations

import math

import numpy as np

from leaderboards.statistics.certificates.bounds.lambda_form import lambda_form
from leaderboards.statistics.certificates.bounds.mcallester import mcallester
from leaderboards.statistics.certificates.bounds.quadratic import quadratic


def test_it_solves_risk_plus_root_of_two_p_times_the_nats_a_case() -> None:
    for risk in (0.0, 0.03, 0.4):
        p = float(quadratic(risk, 200, 4.0, 0.05))
        nats = (4.0 + math.log(2 * math.sqrt(200) / 0.05)) / 200
        assert abs(p - (risk + math.sqrt(2 * p * nats))) < 1e-12


def test_it_is_the_least_over_lambda() -> None:
    lam = np.linspace(0.001, 1.999, 20_001)
    for risk, n, kl in ((0.0, 50, 0.0), (0.1, 100, 3.0), (0.4, 1000, 20.0)):
        least = lambda_form(risk, n, kl, 0.05, lam).min()
        assert 0 <= least - float(quadratic(risk, n, kl, 0.05)) < 1e-6


def test_tighter_than_mcallester_at_small_risk_and_looser_at_large() -> None:
    assert quadratic(0.0, 1000, 1.0, 0.05) < mcallester(0.0, 1000, 1.0, 0.05)
    assert quadratic(0.5, 1000, 1.0, 0.05) > mcallester(0.5, 1000, 1.0, 0.05)
