"""Letters say exactly what the tests said."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboards.statistics.significance_groups import different, letters, rank_intervals, top_group


def test_a_textbook_example() -> None:
    order = ["A", "B", "C", "D"]
    pairs = {
        ("A", "B"): False,
        ("A", "C"): True,
        ("A", "D"): True,
        ("B", "C"): False,
        ("B", "D"): True,
        ("C", "D"): True,
    }
    assert letters(order, pairs) == {"A": "a", "B": "ab", "C": "b", "D": "c"}
    assert top_group(order, pairs) == ["A", "B"]
    found = rank_intervals(order, pairs)
    assert [tuple(found[name]) for name in order] == [(1, 2), (1, 3), (2, 3), (4, 4)]


@given(st.integers(1, 7), st.integers(0, 2**21 - 1))
def test_two_models_share_a_letter_if_and_only_if_they_were_not_found_different(models: int, bits: int) -> None:
    order = [f"m{i}" for i in range(models)]
    pairs = {pair: bool(bits >> k & 1) for k, pair in enumerate(combinations(order, 2))}
    found = letters(order, pairs)
    assert all(found.values())
    for a, b in pairs:
        assert bool(set(found[a]) & set(found[b])) != different(pairs, b, a)


def test_a_pair_that_was_not_tested_is_an_error() -> None:
    with pytest.raises(KeyError):
        letters(["A", "B"], {})


@pytest.mark.slow
@pytest.mark.parametrize("truth", [(1.0, 0.8, 0.75, 0.3, 0.0), (0.008, 0.006, 0.004, 0.002, 0.0)])
def test_rank_intervals_hold_all_true_ranks_at_once_with_95_percent(truth: tuple[float, ...]) -> None:
    from scipy.stats import ttest_rel

    from leaderboards.statistics.multiplicity import holm

    rng = np.random.default_rng(0)
    hits = unadjusted = 0
    for _ in range(300):
        data = np.array(truth) + rng.normal(size=(40, 5))
        order = [str(i) for i in np.argsort(-data.mean(axis=0))]
        names = list(combinations(range(5), 2))
        p = [ttest_rel(data[:, a], data[:, b]).pvalue for a, b in names]
        for adjusted, counter in ((holm(p), "holm"), (np.array(p), "raw")):
            pairs = {(str(a), str(b)): bool(q <= 0.05) for (a, b), q in zip(names, adjusted, strict=True)}
            found = rank_intervals(order, pairs)
            inside = all(found[str(i)].best <= i + 1 <= found[str(i)].worst for i in range(5))
            hits += inside and counter == "holm"
            unadjusted += inside and counter == "raw"
    assert hits / 300 >= 0.95 - 0.03
    assert truth[0] > 0.1 or unadjusted / 300 < 0.93, "the control without adjustment must not hold all ranks at once"
