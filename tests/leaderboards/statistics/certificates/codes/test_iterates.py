"""Sequences of Frank-Wolfe steps, counted."""

from __future__ import annotations

from itertools import product
from math import log

import pytest

from leaderboards.statistics.certificates.codes.iterates import iterates
from leaderboards.statistics.certificates.codes.kraft import kraft_sum


def test_every_run_has_a_word() -> None:
    # 2 steps, each picks a vertex of 3 in each of 2 blocks and one of 2 sizes: (9 * 2)^2 runs.
    runs = list(product(range(3), range(3), range(2), repeat=2))
    assert len(runs) == 324 and kraft_sum([iterates(2, 3, 2, 2)] * len(runs)) == pytest.approx(1)


def test_formulas_of_the_references() -> None:
    """[6.1]: T ln(K + 1) task-wise; T L ln(K + 1) layer-wise; T ln(G (K + 1)) with a line search over G sizes."""
    assert iterates(3, 9) == pytest.approx(3 * log(9))
    assert iterates(3, 9, blocks=4) == pytest.approx(12 * log(9))
    assert iterates(3, 9, step_sizes=8) == pytest.approx(3 * log(72))
    assert iterates(3, 9, step_counts=5) == pytest.approx(3 * log(9) + log(5))
    with pytest.raises(ValueError, match="steps over"):
        iterates(1, 0)
