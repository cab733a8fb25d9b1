"""count: gold recounted from pixels and from the list of things; every image adds to it."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import procedural_items
import pytest
from scipy import ndimage

from data_splits.mirb_procedural.drawing.icons import PLURALS
from data_splits.mirb_procedural.drawing.palette import COLOURS
from data_splits.mirb_procedural.item import Item

SINGULAR = {plural: name for name, plural in PLURALS.items()}


def recounted(item: Item) -> list[int]:
    """How many things of each image the question asks for, from its text and the list of things."""
    asked = re.match(r"How many (?:(\w+) )?(\w+) are in these \w+ images\?", item.question)
    assert asked
    colour, kind = asked[1], SINGULAR[asked[2]]
    return [
        sum(shape == kind and colour in (None, paint) for shape, paint in things) for things in item.evidence["things"]
    ]


def test_gold_is_the_recount_and_every_image_adds_to_it() -> None:
    for item in procedural_items.every("count", 40):
        counts = recounted(item)
        assert counts == item.evidence["counts"]
        assert item.answer == str(sum(counts))
        assert min(counts) >= 1
        assert item.evidence["needed"] == list(range(len(item.scenes)))


def test_pixels_hold_the_things_of_the_list() -> None:
    for item in procedural_items.items("count", 1, 8):
        for picture, things in zip(procedural_items.pictures("count", item), item.evidence["things"], strict=True):
            blobs, count = ndimage.label((picture != picture[0, 0]).any(axis=2), np.ones((3, 3)))
            assert count == len(things)
            found = Counter()
            for number in range(1, count + 1):
                paints, sizes = np.unique(picture[blobs == number], axis=0, return_counts=True)
                found[tuple(int(value) for value in paints[sizes.argmax()])] += 1
            assert found == Counter(COLOURS[paint] for _, paint in things)


@pytest.mark.parametrize("level", [2, 3])
def test_icons_never_touch(level: int) -> None:
    for item in procedural_items.items("count", level, 40):
        for scene in item.scenes:
            boxes = [(thing.left, thing.top, thing.size) for thing in scene.things]
            for number, (left, top, size) in enumerate(boxes):
                assert left >= 0 and top >= 0 and left + size <= 256 and top + size <= 256
                for other_left, other_top, other_size in boxes[:number]:
                    apart = (
                        left + size <= other_left
                        or other_left + other_size <= left
                        or top + size <= other_top
                        or other_top + other_size <= top
                    )
                    assert apart


def test_hard_items_hold_near_misses_of_both_kinds() -> None:
    near = [0, 0]
    for item in procedural_items.items("count", 3, 40):
        kind, colour = item.evidence["kind"], item.evidence["colour"]
        for shape, paint in (thing for things in item.evidence["things"] for thing in things):
            near[0] += shape == kind and paint != colour
            near[1] += shape != kind and paint == colour
    assert min(near) > 40 * 4
