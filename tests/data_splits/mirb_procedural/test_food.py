"""food: gold from the labels as they are written; one food at most suits."""

from __future__ import annotations

import procedural_items

from data_splits.mirb_procedural.food import render
from data_splits.mirb_procedural.ingredients import DIETS, groups


def fits(scene: object, question: str) -> bool:
    """Whether a label's ingredients are all allowed by the diet that the question names."""
    (diet,) = [diet for diet in DIETS.values() if f"suits {diet.words}?" in question]
    return all(not (groups(name) & diet.forbids) for name in scene.ingredients)  # type: ignore[attr-defined]


def test_gold_is_the_one_label_that_fits() -> None:
    for item in procedural_items.every("food", 64):
        suited = [number for number, scene in enumerate(item.scenes) if fits(scene, item.question)]
        assert len(suited) <= 1
        right = suited[0] if suited else len(item.scenes)
        assert item.answer == "ABCD"[right]
        assert item.evidence["needed"] == (suited or list(range(len(item.scenes))))
        assert item.choices == (*(f"Food {n + 1}" for n in range(len(item.scenes))), "None of the Above")


def test_lists_name_nothing_twice_and_hold_what_other_diets_forbid() -> None:
    for item in procedural_items.every("food", 64):
        for row in item.evidence["ingredients"]:
            assert len(set(row)) == len(row)
            assert any(groups(name) for name in row)


def test_the_length_of_a_list_says_nothing() -> None:
    """The mean length of lists that suit and of those that do not differ by less than one ingredient."""
    for level in (1, 2, 3):
        good, bad = [], []
        for item in procedural_items.items("food", level, 96):
            for row, offending in zip(item.evidence["ingredients"], item.evidence["offending"], strict=True):
                (bad if offending else good).append(len(row))
        assert abs(sum(good) / len(good) - sum(bad) / len(bad)) < 0.6


def test_every_label_is_drawn_whole() -> None:
    for item in procedural_items.every("food", 24):
        for scene in item.scenes:
            picture = render(scene)
            assert picture.shape[1] == 340
            assert picture.shape[0] <= 448
