"""Strings of every length: with the constant they sum to one, as published to more."""

from __future__ import annotations

import math

import pytest

from leaderboards.statistics.certificates.codes.kraft import kraft_sum, require_prefix_code
from leaderboards.statistics.certificates.codes.universal import universal


def test_all_strings_up_to_many_bits_sum_to_one_at_most() -> None:
    lengths = range(1, 900)
    total = kraft_sum([universal(b) for b in lengths], [2**b for b in lengths])
    assert 0.999 < total < 1
    require_prefix_code([universal(b) for b in lengths], [2**b for b in lengths])


def test_the_published_lengths_are_no_code() -> None:
    lengths = range(1, 900)
    with pytest.raises(ValueError, match=r"Kraft sum is 1\.64"):
        require_prefix_code([universal(b, published=True) for b in lengths], [2**b for b in lengths])
    assert universal(1000, published=True) == pytest.approx(1000 * math.log(2) + 2 * math.log(1000))
    with pytest.raises(ValueError, match="0 bits"):
        universal(0)
