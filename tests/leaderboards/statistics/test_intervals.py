"""Binomial intervals against scipy, and their coverage summed exactly over the binomial distribution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from leaderboards.statistics.intervals import exact, wilson

Interval = Callable[[int, int, float], tuple[float, float]]


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize("cases", [1, 2, 17, 400])
def test_both_agree_with_scipy(cases: int, level: float) -> None:
    for successes in sorted({0, 1, cases // 3, cases - 1, cases}):
        test = binomtest(successes, cases)
        for ours, name in ((wilson, "wilson"), (exact, "exact")):
            theirs = test.proportion_ci(level, method=name)
            assert ours(successes, cases, level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def coverage(interval: Interval, cases: int, share: float) -> float:
    bounds = [interval(k, cases, 0.95) for k in range(cases + 1)]
    inside = np.array([low <= share <= high for low, high in bounds])
    return float(binom.pmf(np.arange(cases + 1), cases, share)[inside].sum())


def test_exact_covers_at_least_its_level_and_wilson_on_average() -> None:
    shares = np.linspace(0.01, 0.99, 99)
    exact_coverage = [coverage(exact, 23, share) for share in shares]
    wilson_coverage = [coverage(wilson, 23, share) for share in shares]
    assert min(exact_coverage) >= 0.95
    assert min(wilson_coverage) < 0.95
    assert np.mean(wilson_coverage) == pytest.approx(0.95, abs=0.01)


def test_control_the_textbook_interval_of_a_rate_does_not_cover() -> None:
    """Wald's: share +- 1.96 standard errors, of no width at 0 and 1."""

    def wald(successes: int, cases: int, level: float) -> tuple[float, float]:
        share = successes / cases
        half = 1.959964 * (share * (1 - share) / cases) ** 0.5
        return share - half, share + half

    found = [coverage(wald, 23, share) for share in np.linspace(0.01, 0.99, 99)]
    assert min(found) < 0.25 and np.mean(found) < 0.89


@pytest.mark.parametrize("arguments", [(3, 2, 0.95), (-1, 2, 0.95), (0, 0, 0.95), (1, 2, 1.0)])
def test_nonsense_is_refused(arguments: tuple[int, int, float]) -> None:
    for interval in (wilson, exact):
        with pytest.raises(ValueError):
            interval(*arguments)
