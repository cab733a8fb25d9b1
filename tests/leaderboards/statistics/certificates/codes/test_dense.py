"""All vectors of levels, counted."""

from __future__ import annotations

from itertools import product
from math import log

import pytest

from leaderboards.statistics.certificates.codes.dense import dense
from leaderboards.statistics.certificates.codes.kraft import kraft_sum


def test_every_vector_of_levels_has_a_word() -> None:
    assert kraft_sum([dense(3, 5) for _ in product(range(5), repeat=3)]) == pytest.approx(1)
    assert dense(3, 2**4) == pytest.approx(3 * 4 * log(2)) and dense(0, 4) == 0


@pytest.mark.parametrize(("coefficients", "levels"), [(-1, 2), (2, 0)])
def test_nonsense_is_refused(coefficients: int, levels: int) -> None:
    with pytest.raises(ValueError, match="coefficients of"):
        dense(coefficients, levels)
