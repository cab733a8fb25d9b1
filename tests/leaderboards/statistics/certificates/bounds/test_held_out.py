"""The test-set bound: scipy's one-sided interval, and its failures summed exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.held_out import held_out
from leaderboards.statistics.certificates.bounds.hoeffding_occam import hoeffding_occam


@pytest.mark.parametrize("n", [1, 30, 500])
def test_agrees_with_scipy(n: int) -> None:
    for errors in sorted({0, n // 10, n // 2, n}):
        high = binomtest(errors, n, alternative="less").proportion_ci(0.95, method="exact").high
        assert float(held_out(errors, n, 0.05)) == pytest.approx(high, rel=1e-9)


def failures(bounds: np.ndarray, n: int, risk: float) -> float:
    """Probability that the bound is below the true risk, summed over the binomial distribution."""
    return float(binom.pmf(np.arange(n + 1), n, risk)[bounds < risk].sum())


def test_failure_probabilities_of_the_pilot_and_none_above_delta() -> None:
    """References [V3](i), n = 100, simulated: exact 3.6/4.6/3.8 %, Chernoff .6 to .7, Hoeffding 0 to .4."""
    errors = np.arange(101)
    exact, chernoff = held_out(errors, 100, 0.05), chernoff_occam(errors / 100, 100, 0.0, 0.05)
    hoeffding = hoeffding_occam(errors / 100, 100, 0.0, 0.05)
    for risk, simulated in ((0.05, 0.036), (0.2, 0.046), (0.4, 0.038)):
        assert failures(exact, 100, risk) == pytest.approx(simulated, abs=0.012)
        assert 0.003 < failures(chernoff, 100, risk) < 0.012
        assert failures(hoeffding, 100, risk) < 0.01
    risks = np.linspace(0.002, 0.998, 499)
    assert max(failures(exact, 100, risk) for risk in risks) <= 0.05
    # The check can fail: the empirical risk itself as a bound fails about every second time.
    assert failures(errors / 100, 100, 0.2) > 0.4
