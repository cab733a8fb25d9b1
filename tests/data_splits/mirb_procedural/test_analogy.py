"""analogy: gold by differences of the scenes; with any image hidden both answers remain possible."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import procedural_items

from data_splits.mirb_procedural.analogy import RANGES, Scene, render

CYCLES = {"turn": 4, "fill": 2, "night": 2}
Values = dict[str, Any]


def difference(one: Values, two: Values) -> Values:
    """What changes from one image to the next, cyclic where a factor is."""
    found = {name: (two[name] - one[name]) % cycle for name, cycle in CYCLES.items()}
    return found | {name: two[name] - one[name] for name in RANGES}


def is_analogy(scenes: list[Values]) -> bool:
    a, b, c, d = scenes
    if any(a[name] != b[name] or c[name] != d[name] for name in ("shape", "colour")):
        return False
    return difference(a, b) == difference(c, d)


def completions(scene: Values) -> list[Values]:
    """Every image that could stand in a place whose shape and colour the partner image gives away."""
    ranges = {name: range(low, high + 1) for name, (low, high) in RANGES.items()}
    ranges |= {name: range(cycle) for name, cycle in CYCLES.items()}
    return [scene | dict(zip(ranges, values, strict=True)) for values in product(*ranges.values())]


def test_gold_is_the_equality_of_differences() -> None:
    for item in procedural_items.every("analogy", 60):
        assert (item.answer == "Yes") == is_analogy(item.evidence["scenes"])
        steps = {name: step for name, step in difference(*item.evidence["scenes"][:2]).items() if step}
        assert steps.keys() == item.evidence["steps"].keys()


def test_every_image_is_needed() -> None:
    for item in procedural_items.every("analogy", 20):
        scenes = item.evidence["scenes"]
        for hidden in item.evidence["needed"]:
            answers = {
                is_analogy([*scenes[:hidden], candidate, *scenes[hidden + 1 :]])
                for candidate in completions(scenes[hidden])
            }
            assert answers == {True, False}
    assert item.evidence["needed"] == [0, 1, 2, 3]


def test_a_wrong_fourth_image_differs_in_one_factor() -> None:
    for item in procedural_items.every("analogy", 60):
        first, last = difference(*item.evidence["scenes"][:2]), difference(*item.evidence["scenes"][2:])
        off = [name for name in first if first[name] != last[name]]
        assert off == ([] if item.answer == "Yes" else [item.evidence["wrong"]["factor"]])


def test_quarter_turns_of_every_shape_look_different() -> None:
    from data_splits.mirb_procedural.drawing.canvas import coverage
    from data_splits.mirb_procedural.drawing.icons import ORIENTED, icon

    for shape in ORIENTED:
        turned = [coverage(icon(shape, 60, 90 * turn)) for turn in range(4)]
        for one in range(4):
            for two in range(one):
                apart = np.abs(turned[one].astype(int) - turned[two]).sum() / turned[one].sum()
                assert apart > 0.25, (shape, one, two)


def test_each_factor_moves_pixels() -> None:
    base = Scene("arrow", "red", 0, 2, 1, 1, 0)
    for name, value in (("turn", 1), ("number", 3), ("size", 2), ("fill", 0), ("night", 1), ("colour", "blue")):
        changed = Scene(**{**{key: getattr(base, key) for key in base.__dataclass_fields__}, name: value})
        assert not np.array_equal(render(base), render(changed)), name
