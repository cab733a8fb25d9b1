import math

import pytest

from leaderboards.statistics.certificates.bounds.hoeffding_occam import hoeffding_occam
from model_adapters.methods.steel.continuous_bound import continuous_bound


def test_the_papers_number() -> None:
    """n = 80, d = 1000, eps = .05: references [1c] give 2.52 for eq. 7 and .284 for eq. 3 with 20,000 candidates."""
    assert float(continuous_bound(0.0, 80, 1000, 0.05)) == pytest.approx(2.52, abs=0.005)
    assert float(hoeffding_occam(0.0, 80, math.log(20_000), 0.05)) == pytest.approx(0.284, abs=0.0005)


def test_by_hand() -> None:
    expected = 0.1 + math.sqrt((64 + 2 * math.log(64) + math.log(20)) / 640)
    assert float(continuous_bound(0.1, 320, 64, 0.05)) == pytest.approx(expected)
    with pytest.raises(ValueError, match="parameters is 0"):
        continuous_bound(0.1, 10, 0, 0.05)
