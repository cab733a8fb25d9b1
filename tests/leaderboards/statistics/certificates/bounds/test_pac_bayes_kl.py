"""The constant by exact summation, a hand calculation, and the order of the PAC-Bayes bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from leaderboards.statistics.certificates.binary_kl import binary_kl
from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.mcallester import mcallester
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl
from leaderboards.statistics.certificates.bounds.quadratic import quadratic


@pytest.mark.parametrize("n", [*range(1, 30), 100, 1000, 20_000])
def test_the_moment_behind_the_constant_is_at_most_two_root_n_for_every_n(n: int) -> None:
    """xi(n) = sum_k Bin(k; n, k/n) = max over p of E exp(n kl(k/n || p)) (Maurer 2004 proves it for n >= 8)."""
    k = np.arange(n + 1)
    moment = float(binom.pmf(k, n, k / n).sum())
    assert math.sqrt(n) <= moment <= 2 * math.sqrt(n)


def test_the_bound_solves_its_equation() -> None:
    bound = pac_bayes_kl(0.08, 250, 3.2, 0.025)
    assert float(binary_kl(0.08, bound)) == pytest.approx((3.2 + math.log(2 * math.sqrt(250) / 0.025)) / 250, rel=1e-10)
    # No errors: 1 - exp(-(KL + ln(2 sqrt n / delta)) / n).
    assert float(pac_bayes_kl(0.0, 100, 0.0, 0.05)) == pytest.approx(1 - (0.05 / 20) ** 0.01, rel=1e-12)


def test_never_above_its_relaxations_and_above_chernoff_by_the_price_of_all_posteriors() -> None:
    risk, n, kl = np.meshgrid(np.linspace(0, 1, 41), [8, 25, 100, 10_000], [0.0, 2.0, 30.0])
    found = pac_bayes_kl(risk, n, kl, 0.05)
    assert (found <= mcallester(risk, n, kl, 0.05)).all() and (found <= quadratic(risk, n, kl, 0.05)).all()
    # A point mass on one of M hypotheses is a posterior with KL = ln M.
    assert (found >= chernoff_occam(risk, n, kl, 0.05)).all()
