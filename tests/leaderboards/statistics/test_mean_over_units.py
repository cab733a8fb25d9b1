"""Student's interval by hand, the bootstrap of cases, and paired differences."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.mean_over_units import difference_over_units, mean_over_units


def test_three_seeds_by_hand() -> None:
    found = mean_over_units([1.0, 2.0, 3.0], "seed")
    half = 4.302652729911275 / np.sqrt(3)  # t(0.975, 2) from tables; the standard deviation is 1
    assert found.value == 2.0 and found.low == pytest.approx(2 - half) and found.high == pytest.approx(2 + half)


def test_what_has_no_interval_says_why() -> None:
    assert mean_over_units([0.4], "client").interval_reason == "one client"
    assert mean_over_units([0.4, 0.4], "seed").interval_reason == "every seed has the same value"
    assert mean_over_units([], "case").value is None
    assert mean_over_units([0.5] * 9, "case").interval_reason == "every case has the same value"


def test_cases_cover_their_mean_and_a_rate_of_one_is_no_point() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(100):
        found = mean_over_units((rng.random(60) < 0.3).astype(float).tolist(), "case", indicator=True)
        assert found.low is not None and found.high is not None
        held += found.low <= 0.3 <= found.high
    assert 86 <= held <= 100
    sure = mean_over_units([1.0] * 20, "patient", indicator=True)
    assert sure.high == 1.0 and sure.low is not None and sure.low < 0.9 and "patients" in sure.method


def test_a_constant_lead_is_certain_only_unit_by_unit() -> None:
    a = [0.1, 0.5, 0.9, 0.3]
    b = [each - 0.05 + 0.001 * k for k, each in enumerate(a)]
    paired = difference_over_units(a, b, "client")
    assert paired.low is not None and paired.low > 0
    spread = mean_over_units(a, "client")
    assert spread.low is not None and spread.low < mean_over_units(b, "client").value  # type: ignore[operator]
    with pytest.raises(ValueError, match="paired"):
        difference_over_units(a, b[:2], "client")
