"""Rounding goes one way only."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from leaderboards.statistics.certificates.rounding import confidence, outward, up


def test_a_shown_bound_is_never_below_the_bound() -> None:
    assert (up(0.1401), up(0.140), up(0.0), up(1.0), up(0.1, 1), up(0.99999, 2)) == (
        "0.141", "0.141", "0.000", "1.000", "0.2", "1.00",
    )  # fmt: skip
    for value in np.random.default_rng(0).random(300).tolist():
        assert Decimal(value) <= Decimal(up(value)) < Decimal(value) + Decimal("0.001")
    with pytest.raises(ValueError, match="cannot be shown"):
        up(float("nan"))


def test_confidence_is_rounded_down() -> None:
    assert (confidence(0.05), confidence(0.001), confidence(0.5), confidence(1 / 3)) == (
        "95 %", "99.9 %", "50 %", "66.6666 %",
    )  # fmt: skip
    assert confidence(1e-7) == "99.9999 %"


def test_outward_moves_up_by_a_hair() -> None:
    values = np.array([0.0, 1e-300, 0.3, 1.0, np.inf])
    moved = outward(values)
    assert (moved[:4] > values[:4]).all() and moved[4] == np.inf
    np.testing.assert_allclose(moved, values, rtol=1e-14, atol=1e-300)
