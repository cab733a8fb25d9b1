"""Position bias: planted preferences are found, content is none, and the test is exact in small cases."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.position_bias import position_bias


def counts(rows: list[list[int]], options: list[int] | None = None) -> dict[str, np.ndarray]:
    array = np.array(rows, float)
    return {"counts": array, "options": np.array(options or [array.shape[1]] * len(rows))}


def test_a_model_that_goes_by_content_has_none() -> None:
    found = position_bias(counts([[1, 1, 1, 1]] * 12))
    assert found.value == 0.0 and found.extra["p"] == 1.0
    assert found.extra["share_A"] == found.extra["even_A"] == 0.25


def test_always_the_first_is_the_largest_distance() -> None:
    found = position_bias(counts([[4, 0, 0, 0]] * 12))
    assert found.value == pytest.approx(0.75) and found.extra["p"] == pytest.approx(1e-4)
    assert found.extra["share_A"] == 1.0


def test_p_is_the_share_of_moves_that_go_as_far() -> None:
    """Two questions of two options, both always A: of four moves two are as far."""
    assert position_bias(counts([[2, 0], [2, 0]])).extra["p"] == pytest.approx(0.5, abs=0.02)
    assert position_bias(counts([[2, 0]])).extra["p"] == 1.0


def test_numbers_of_options_may_differ() -> None:
    found = position_bias(counts([[1, 1, 1, 0], [1, 1, 1, 1]], [3, 4]))
    assert found.value == 0.0 and found.extra["even_D"] == pytest.approx(1 / 7)


def test_p_values_of_unbiased_guessing_are_not_too_small() -> None:
    rng = np.random.default_rng(1)
    small = 0
    for seed in range(60):
        rows = rng.multinomial(4, [0.25] * 4, size=15)
        small += position_bias(counts(rows.tolist()), seed=seed).extra["p"] <= 0.1
    assert small <= 14  # 6 expected; 14 or more has a chance of 0.2 %


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="behind the last option"):
        position_bias(counts([[1, 1, 1]], [2]))
    with pytest.raises(ValueError, match="impossible"):
        position_bias(counts([[1, 1]], [3]))
    assert position_bias(counts([[0, 0]])).reason == "no answer named an option"
