"""Power against brute-force enumeration, simulation and the textbook approximation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from leaderboards.statistics.mcnemar import exact_p
from leaderboards.statistics.power import detectable_difference, items_needed, mcnemar_power


def enumerated(only_a: float, only_b: float, items: int) -> float:
    """Sum over every (discordant, won by a) of its chance where the exact test rejects."""
    total = 0.0
    for discordant in range(items + 1):
        for won in range(discordant + 1):
            if exact_p(won, discordant - won) <= 0.05:
                chance = binom.pmf(discordant, items, only_a + only_b)
                total += chance * binom.pmf(won, discordant, only_a / (only_a + only_b))
    return total


@pytest.mark.parametrize(
    ("only_a", "only_b", "items"), [(0.3, 0.1, 30), (0.1, 0.1, 40), (0.05, 0.4, 25), (0.6, 0.4, 20)]
)
def test_power_is_the_enumerated_one(only_a: float, only_b: float, items: int) -> None:
    assert mcnemar_power(only_a, only_b, items) == pytest.approx(enumerated(only_a, only_b, items), rel=1e-9)


def test_power_grows_to_one_and_is_the_level_or_less_under_the_null() -> None:
    found = [mcnemar_power(0.2, 0.1, n) for n in (20, 100, 400, 2000, 8000)]
    assert found == sorted(found) and found[-1] > 0.999
    assert all(mcnemar_power(0.1, 0.1, n) <= 0.05 for n in (30, 300, 3000))
    assert mcnemar_power(0.0, 0.0, 50) == 0.0


def test_the_items_needed_reach_the_power_and_fewer_do_not() -> None:
    needed = items_needed(0.15, 0.08)
    assert needed is not None
    assert mcnemar_power(0.15, 0.08, needed) >= 0.8 > mcnemar_power(0.15, 0.08, int(0.93 * needed))
    assert items_needed(0.1, 0.1) is None
    small = items_needed(0.101, 0.1)
    assert small is not None and small > 1_000_000


def test_simulated_experiments_reject_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    needed = items_needed(0.25, 0.1)
    assert needed is not None
    hits = 0
    for _ in range(600):
        outcome = rng.choice(3, size=needed, p=[0.25, 0.1, 0.65])
        hits += exact_p(int((outcome == 0).sum()), int((outcome == 1).sum())) <= 0.05
    assert hits / 600 == pytest.approx(mcnemar_power(0.25, 0.1, needed), abs=0.05)


def test_control_the_promise_is_for_independent_cases() -> None:
    """As many cases, six to a patient who favours one model throughout, tested by patient: the power is not reached."""
    from leaderboards.statistics.paired_mean import flipped_p

    rng = np.random.default_rng(1)
    needed = items_needed(0.25, 0.1)
    assert needed is not None
    outcome = rng.choice([1.0, -1.0, 0.0], size=(200, needed // 6), p=[0.25, 0.1, 0.65])
    hits = np.mean([flipped_p(row[row != 0] * 6, rng) <= 0.05 for row in outcome])
    assert hits < mcnemar_power(0.25, 0.1, needed) - 0.3


def test_the_detectable_difference_is_where_the_power_is_reached() -> None:
    gap = detectable_difference(300, 0.2)
    assert gap is not None and 0 < gap < 0.2
    assert mcnemar_power((0.2 + gap) / 2, (0.2 - gap) / 2, 300) == pytest.approx(0.8, abs=1e-6)
    assert detectable_difference(5, 0.2) is None
    for discordant in (0.0, 1.2):
        with pytest.raises(ValueError):
            detectable_difference(100, discordant)
    with pytest.raises(ValueError):
        mcnemar_power(0.7, 0.7, 10)
