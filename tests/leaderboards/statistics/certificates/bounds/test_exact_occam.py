"""The binomial bound against sums of exact fractions, and against Chernoff's."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam


def lower_tail(errors: int, n: int, p: float) -> Fraction:
    """P(Binomial(n, p) <= errors), exactly, of the very double p."""
    share = Fraction(p)
    return sum(
        (math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(errors + 1)), start=Fraction(0)
    )  # fmt: skip


@pytest.mark.parametrize(("errors", "n"), [(0, 1), (0, 25), (3, 25), (24, 25), (10, 100), (1, 300)])
@pytest.mark.parametrize(("nats", "delta"), [(0.0, 0.05), (6.1759, 0.05), (40.0, 0.001), (300.0, 0.1)])
def test_tail_at_the_bound_is_at_most_delta_and_just_below_it_is_more(
    errors: int, n: int, nats: float, delta: float
) -> None:
    bound = float(exact_occam(errors, n, nats, delta))
    budget = math.exp(-nats) * delta
    assert bound == 1.0 or lower_tail(errors, n, bound) <= budget
    assert lower_tail(errors, n, bound * (1 - 1e-9)) > budget * (1 - 1e-12)


def test_closed_forms() -> None:
    n = np.array([1, 25, 400])
    np.testing.assert_allclose(exact_occam(0, n, 0.0, 0.05), 1 - 0.05 ** (1 / n), rtol=1e-10)
    # One case short of all wrong: P(all n wrong) = p^n must be at least 1 - delta.
    np.testing.assert_allclose(exact_occam(n - 1, n, 0.0, 0.05), 0.95 ** (1 / n), rtol=1e-10)
    assert exact_occam(7, 7, 0.0, 0.05) == 1.0


def test_never_above_chernoff_also_where_the_tail_is_no_double_any_more() -> None:
    for n in (10, 100, 1000):
        errors, nats = np.meshgrid(np.arange(0, n + 1, max(1, n // 50)), [0.0, 5.0, 100.0, 590.0, 610.0, 5000.0])
        exact, chernoff = exact_occam(errors, n, nats, 0.05), chernoff_occam(errors / n, n, nats, 0.05)
        assert (exact <= chernoff).all() and (exact >= errors / n).all()
        assert (np.diff(exact, axis=0) >= 0).all()  # more nats, never a smaller bound
    assert exact_occam(10, 100, 6.0, 0.05) < chernoff_occam(0.1, 100, 6.0, 0.05) - 0.005


def test_published_figures() -> None:
    """References [1c]: n = 80, 20,000 candidates: .324 at r = .10, .149 at r = 0."""
    found = exact_occam([8, 0], 80, math.log(20_000), 0.05)
    np.testing.assert_allclose(found, [0.324, 0.149], atol=5.1e-4)


@pytest.mark.parametrize(("errors", "n"), [(2.5, 10), (-1, 10), (11, 10), (0, 0), (float("nan"), 10), (3, 10.5)])
def test_only_whole_counts(errors: float, n: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        exact_occam(errors, n, 0.0, 0.05)
