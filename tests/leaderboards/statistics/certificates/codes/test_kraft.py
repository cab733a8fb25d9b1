"""The check lets codes pass and stops lengths that are no code."""

from __future__ import annotations

import math

import pytest

from leaderboards.statistics.certificates.codes.kraft import kraft_sum, require_prefix_code


def test_sums() -> None:
    assert kraft_sum([math.log(4)] * 4) == pytest.approx(1)
    assert kraft_sum([math.log(4), math.log(2)], [2, 1]) == pytest.approx(1)
    require_prefix_code([math.log(4)] * 4)
    with pytest.raises(ValueError, match=r"Kraft sum is 1\.25"):
        require_prefix_code([math.log(4)] * 5)
