"""image_jigsaw: the order is recovered by matching pixels; options are alike; the original is needed."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import procedural_items

from data_splits.mirb_procedural.image_jigsaw import GUTTER, PANE
from data_splits.question import ColourImage


def solved(images: list[ColourImage]) -> list[int]:
    """The number of the patch at each place of the original, by least squared difference beside the number."""
    original, patches = images[0].astype(int), [patch.astype(int) for patch in images[1:]]
    order = []
    for place in range(4):
        top, left = place // 2 * (PANE + GUTTER), place % 2 * (PANE + GUTTER)
        pane = original[top : top + PANE, left : left + PANE]
        gaps = [(pane - patch) ** 2 for patch in patches]
        for gap in gaps:
            gap[:44, :44] = 0  # the number
        scores = [float(gap[4:-4, 4:-4].mean()) for gap in gaps]
        order.append(int(np.argmin(scores)))
        assert sorted(scores)[1] > 5 * sorted(scores)[0]
    return order


def test_pixels_give_the_order_and_one_option_says_it() -> None:
    for item in procedural_items.every("image_jigsaw", 10):
        order = solved(procedural_items.pictures("image_jigsaw", item))
        assert order == item.evidence["order"]
        assert [str(order) == choice for choice in item.choices].count(True) == 1
        assert item.choices["ABCD".index(item.answer)] == str(order)
        assert f"\n{item.answer}. {order}" in item.question


def test_options_do_not_give_the_answer_away() -> None:
    """Every option is as close to the other three as every other: none is the middle of the four."""
    for item in procedural_items.every("image_jigsaw", 40):
        options = item.evidence["options"]
        assert len({tuple(option) for option in options}) == 4
        closeness = Counter(
            tuple(sorted(sum(a == b for a, b in zip(one, two, strict=True)) for two in options)) for one in options
        )
        assert len(closeness) == 1


def test_without_the_original_every_order_is_possible() -> None:
    """Panes share no edge (a gutter lies between), so any arrangement of the patches is a picture of this kind."""
    for item in procedural_items.every("image_jigsaw", 10):
        assert item.evidence["needed"] == [0]
        panes = [tuple(map(tuple, pane)) for pane in item.evidence["panes"]]
        assert len(set(panes)) == 4
        for pane in panes:
            assert all(4 <= left <= PANE - 38 and 4 <= top <= PANE - 38 for _, _, left, top in pane)
        assert len(set(permutations(panes))) == 24


def test_hard_items_take_two_patches() -> None:
    for level, least in ((1, 1), (2, 1), (3, 2)):
        assert {item.evidence["patches_needed"] for item in procedural_items.items("image_jigsaw", level)} == {least}
