"""Costs of choices are prices of a code: they sum to one."""

from __future__ import annotations

import math

import pytest

from leaderboards.statistics.certificates.union import choice_nats, index_nats


def test_costs_by_hand() -> None:
    assert choice_nats(1) == 0 and choice_nats(8) == pytest.approx(3 * math.log(2))
    # delta_j = 6 delta / (pi^2 j^2) at j = 3
    assert math.exp(-index_nats(3)) == pytest.approx(6 / (9 * math.pi**2), rel=1e-14)


def test_weights_sum_to_one() -> None:
    total = math.fsum(math.exp(-index_nats(j)) for j in range(1, 100_001))
    assert 1 - 1e-5 < total < 1


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="0 options"):
        choice_nats(0)
    with pytest.raises(ValueError, match="below 1"):
        index_nats(0)
