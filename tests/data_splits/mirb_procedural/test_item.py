"""Draws of items: balanced in blocks, independent of how many are drawn."""

from __future__ import annotations

from collections import Counter

from data_splits.mirb_procedural.item import Ask, parts, sample, shuffled, with_options
from data_splits.phantom.draws import Draws


def test_balanced_holds_every_option_once_a_block_in_drawn_order() -> None:
    drawn = [Ask(1, "t", 2, ordinal).balanced("ABCD") for ordinal in range(80)]
    assert all(set(drawn[start : start + 4]) == set("ABCD") for start in range(0, 80, 4))
    assert len({tuple(drawn[start : start + 4]) for start in range(0, 80, 4)}) > 5
    other = [Ask(1, "t", 2, ordinal).balanced("ABCD", "rank") for ordinal in range(80)]
    agree = sum(a == b for a, b in zip(drawn, other, strict=True))
    assert 8 < agree < 34  # two purposes are independent: 20 expected, sd 3.9


def test_keys_are_kept_apart() -> None:
    firsts = {
        Ask(seed, task, level, ordinal).draws(*purpose).uniform()
        for seed in (0, 1)
        for task in ("a", "b")
        for level in (1, 2)
        for ordinal in (0, 1)
        for purpose in (("plan",), ("plan", 1), ("other",))
    }
    assert len(firsts) == 2 * 2 * 2 * 2 * 3


def test_shuffled_is_a_uniform_permutation() -> None:
    counts = Counter("".join(shuffled(Draws("shuffle", number), "abc")) for number in range(1200))
    assert len(counts) == 6
    assert all(150 < count < 250 for count in counts.values())  # 200 expected, sd 12.9
    assert sorted(sample(Draws("x"), range(10), 4)) == sorted(set(sample(Draws("x"), range(10), 4)))


def test_parts_add_up() -> None:
    for number in range(50):
        found = parts(Draws("parts", number), 11, 3, 5)
        assert sum(found) == 11 and min(found) >= 1 and max(found) <= 5


def test_options_are_inlined() -> None:
    assert with_options("Which?", ("x", "y")) == "Which?\nA. x\nB. y"
