"""Closed forms, and the numbers of the STEEL paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboards.statistics.certificates.bounds.hoeffding_occam import hoeffding_occam


def test_hand_calculation() -> None:
    # ln(20) = 2.995732, / 200 = 0.01497866, root = 0.12238734
    assert float(hoeffding_occam(0.1, 100, 0.0, 0.05)) == pytest.approx(0.22238734, abs=1e-8)
    found = hoeffding_occam([0.0, 0.5], [50, 200], [math.log(481), 1.0], [0.05, 0.01])
    wanted = [math.sqrt(math.log(481 / 0.05) / 100), 0.5 + math.sqrt((1 - math.log(0.01)) / 400)]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    assert (found >= wanted).all()


def test_published_complexity_of_20000_samples_at_16_shots() -> None:
    """References [1c]: n = 80, 20,000 candidates, epsilon .05: complexity .284; at r = .10 .384."""
    assert float(hoeffding_occam(0.0, 80, math.log(20_000), 0.05)) == pytest.approx(0.284, abs=5e-4)
    assert float(hoeffding_occam(0.1, 80, math.log(20_000), 0.05)) == pytest.approx(0.384, abs=5e-4)


def test_published_bound_of_a_continuous_adapter_is_vacuous() -> None:
    """References [1c], eq. 7: sqrt((d + 2 ln d + ln(1/epsilon)) / (2 n)) at d = 1000, n = 80: 2.52."""
    assert float(hoeffding_occam(0.0, 80, 1000 + 2 * math.log(1000), 0.05)) == pytest.approx(2.52, abs=5e-3)


@pytest.mark.parametrize(
    "arguments", [(-0.1, 10, 0, 0.1), (1.1, 10, 0, 0.1), (0.1, 0, 0, 0.1), (0.1, 9, -1, 0.1), (0.1, 9, 0, 0.0),
                  (0.1, 9, 0, 1.0), (float("nan"), 9, 0, 0.1), (0.1, 9, 0, float("nan"))]
)  # fmt: skip
def test_nonsense_is_refused(arguments: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        hoeffding_occam(*arguments)
