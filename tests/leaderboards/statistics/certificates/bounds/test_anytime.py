"""Betting: the capital is a supermartingale (summed exactly), rises with the claim, and the bound always holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from leaderboards.statistics.certificates.bounds.anytime import BETS, anytime, anytime_sequence, log_capital
from leaderboards.statistics.certificates.bounds.held_out import held_out


@pytest.mark.parametrize("risk", [0.01, 0.2, 0.7])
def test_expected_capital_is_one_at_the_claim_and_less_above_it(risk: float) -> None:
    for n in (1, 7, 60):
        errors = np.arange(n + 1)
        capital = np.exp(log_capital(errors, n, np.full(n + 1, risk)))
        assert float(binom.pmf(errors, n, risk) @ capital) == pytest.approx(1.0, rel=1e-10)
        assert float(binom.pmf(errors, n, risk + 0.1) @ capital) < 1.0


def test_capital_after_three_cases_by_hand() -> None:
    # Losses 0, 1, 0 against a risk of at least 1/2: each share c makes (1 + c)(1 - c)(1 + c).
    wanted = np.mean((1 + BETS) ** 2 * (1 - BETS))
    assert float(np.exp(log_capital(1, 3, 0.5))) == pytest.approx(wanted, rel=1e-12)


def test_capital_rises_with_the_claim_and_fractional_losses_are_understated() -> None:
    claims = np.linspace(0.001, 0.999, 500)
    for total, n in ((0, 5), (3, 40), (39, 40)):
        assert (np.diff(log_capital(np.full(500, total), n, claims)) >= 0).all()
    losses, claim = np.array([0.2, 0.7, 0.4]), 0.6
    true = np.mean(np.prod(1 - BETS[:, None] * (losses - claim) / (1 - claim), axis=1))
    assert float(np.exp(log_capital(losses.sum(), 3, claim))) <= true


def test_bound_is_where_the_capital_reaches_one_over_delta() -> None:
    bound = anytime([0, 5, 300], [25, 100, 1000], 0.0, 0.05)
    np.testing.assert_allclose(log_capital([0, 5, 300], [25, 100, 1000], bound), np.log(20), rtol=1e-7)
    assert (bound > held_out([0, 5, 300], [25, 100, 1000], 0.05)).all()
    assert anytime(10, 10, 0.0, 0.05) == 1.0


def test_the_price_of_looking_at_any_time_is_modest() -> None:
    assert float(anytime(5, 100, 0.0, 0.05)) < 0.16 and float(held_out(5, 100, 0.05)) == pytest.approx(0.1023, abs=1e-4)
    assert float(anytime(500, 10_000, 0.0, 0.05)) < 0.058


def test_sequence_is_the_least_so_far() -> None:
    losses = np.array([0, 0, 1, 0, 0, 0, 1, 0])
    sequence = anytime_sequence(losses, 0.05)
    alone = anytime(np.cumsum(losses), np.arange(1, 9), 0.0, 0.05)
    np.testing.assert_array_equal(sequence, np.minimum.accumulate(alone))
    assert alone[2] > alone[1] and sequence[2] == sequence[1]
    with pytest.raises(ValueError, match="loss"):
        anytime_sequence([0.5, 1.2], 0.05)


def crossings(bounds: np.ndarray, n: int, risk: float) -> float:
    """Probability that some bound of the first n is below the risk: paths counted exactly, errors case by case."""
    alive = np.array([1.0])
    lost = 0.0
    for step in range(1, n + 1):
        alive = np.append(alive * (1 - risk), 0.0) + np.append(0.0, alive * risk)
        failed = bounds[step, : step + 1] < risk
        lost += float(alive[failed].sum())
        alive = np.where(failed, 0.0, alive)
    return lost


def test_holds_at_all_times_where_a_fixed_n_bound_looked_at_after_every_case_does_not() -> None:
    n = 150
    count, errors = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    possible = (errors <= count) & (count > 0)
    ours, fixed = np.ones((n + 1, n + 1)), np.ones((n + 1, n + 1))
    ours[possible] = anytime(errors[possible], count[possible], 0.0, 0.05)
    fixed[possible] = held_out(errors[possible], count[possible], 0.05)
    for risk in (0.05, 0.2, 0.5):
        assert crossings(ours, n, risk) <= 0.05
        assert crossings(fixed, n, risk) > 0.08
