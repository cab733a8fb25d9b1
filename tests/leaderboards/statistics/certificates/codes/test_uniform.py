"""M hypotheses at ln M each."""

from __future__ import annotations

import math

import pytest

from leaderboards.statistics.certificates.codes.kraft import kraft_sum
from leaderboards.statistics.certificates.codes.uniform import uniform


def test_uniform_is_a_code() -> None:
    assert uniform(1) == 0 and uniform(481) == pytest.approx(6.175867, abs=1e-6)
    assert kraft_sum([uniform(37)] * 37) == pytest.approx(1) and math.exp(uniform(37)) == pytest.approx(37)
    with pytest.raises(ValueError, match="0 hypotheses"):
        uniform(0)
