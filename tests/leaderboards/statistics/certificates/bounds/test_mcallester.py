"""The constant that another package got wrong, and a hand calculation."""

from __future__ import annotations

import math

import pytest

from leaderboards.statistics.certificates.bounds.mcallester import mcallester


def test_hand_calculation() -> None:
    # ln(2 * 10 / .05) = 5.991465; / 200 = .02995732; root .17308184. References [4] print .173, and .547 for
    # (KL + ln(2 sqrt n) / delta), the misplaced bracket.
    assert float(mcallester(0.0, 100, 0.0, 0.05)) == pytest.approx(0.17308184, abs=1e-8)
    assert math.sqrt(math.log(20) / 0.05 / 200) == pytest.approx(0.547, abs=5e-4)
    assert float(mcallester(0.1, 400, 2.5, 0.1)) == pytest.approx(
        0.1 + math.sqrt((2.5 + math.log(40 / 0.1)) / 800), rel=1e-13
    )
