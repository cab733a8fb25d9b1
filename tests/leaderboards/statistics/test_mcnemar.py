"""McNemar against statsmodels and the binomial test."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as reference

from leaderboards.statistics.mcnemar import exact_p, mcnemar


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 0), (5, 5), (12, 3), (0, 9), (40, 61), (300, 250)])
def test_p_value_is_that_of_statsmodels(only_a: int, only_b: int) -> None:
    table = [[7, only_a], [only_b, 11]]
    assert exact_p(only_a, only_b) == pytest.approx(reference(table, exact=True).pvalue, rel=1e-9)


def test_counts_and_difference_come_from_the_pairs() -> None:
    a, b = [1, 1, 0, 0, 1, 1], [1, 0, 1, 0, 0, 0]
    found = mcnemar(a, b)
    assert (found.only_a, found.only_b, found.cases) == (3, 1, 6)
    assert found.difference == pytest.approx(np.mean(a) - np.mean(b))
    assert mcnemar(b, a).p == found.p


def test_what_cannot_be_paired_is_refused() -> None:
    for a, b in (([1], [1, 0]), ([], []), ([0.5], [1])):
        with pytest.raises(ValueError):
            mcnemar(a, b)


def test_false_positives_are_no_more_frequent_than_promised() -> None:
    rng = np.random.default_rng(0)
    p = [mcnemar(*rng.integers(0, 2, size=(2, 40))).p for _ in range(400)]
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5


def test_control_cases_of_one_patient_are_no_independent_cases() -> None:
    """Twenty patients of six cases each that fall to one model together: the promised 5 % do not hold."""
    rng = np.random.default_rng(0)

    def once(together: bool) -> float:
        of_a = np.repeat(rng.random(20) < 0.5, 6) if together else rng.random(120) < 0.5
        discordant, both = rng.random(120) < 0.4, rng.random(120) < 0.5
        return mcnemar(np.where(discordant, of_a, both), np.where(discordant, ~of_a, both)).p

    assert np.mean([once(True) <= 0.05 for _ in range(400)]) > 0.12
    assert np.mean([once(False) <= 0.05 for _ in range(400)]) <= 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5
