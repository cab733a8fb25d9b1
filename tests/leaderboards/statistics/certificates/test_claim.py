"""Prices of choices and fingerprints of what was fixed."""

from __future__ import annotations

import math

import pytest

from data_splits.errors import UserError
from leaderboards.statistics.certificates.claim import Choice, Refused, fingerprint


def test_prices() -> None:
    assert Choice("grid", options=21).nats == math.log(21)
    assert Choice("scale", index=2).nats == pytest.approx(2 * math.log(2) + math.log(math.pi**2 / 6))
    for unknown in (Choice("tuning"), Choice("tuning", options=3, index=3)):
        with pytest.raises(ValueError, match="neither"):
            _ = unknown.nats


def test_a_fingerprint_changes_with_anything_of_the_set() -> None:
    one = {"seed": 1, "levels": [0.1, 0.3], "weights": ["ab"]}
    assert fingerprint(one) == fingerprint(dict(reversed(one.items())))
    assert fingerprint(one) != fingerprint(one | {"seed": 2}) and len(fingerprint(one)) == 64


def test_a_refusal_is_an_error_of_the_user() -> None:
    assert isinstance(Refused("paid", "text"), UserError) and Refused("paid", "text").rule == "paid"
