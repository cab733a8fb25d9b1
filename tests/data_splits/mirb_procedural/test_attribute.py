"""attribute: gold from the values, values from pixels; "No" hangs on one image."""

from __future__ import annotations

from collections import Counter

import numpy as np
import procedural_items
from scipy import ndimage

from data_splits.mirb_procedural.attribute import QUESTIONS, VALUES
from data_splits.mirb_procedural.drawing.palette import COLOURS

ASKED = {question: name for name, question in QUESTIONS.items()}


def test_gold_follows_from_the_values() -> None:
    for item in procedural_items.every("attribute", 48):
        values = [row[ASKED[item.question]] for row in item.evidence["values"]]
        assert item.answer == ("Yes" if len(set(values)) == 1 else "No")
        if item.answer == "No":
            (odd,) = item.evidence["needed"]
            assert len(set(values[:odd] + values[odd + 1 :])) == 1  # without it the rest agree
        else:
            assert item.evidence["needed"] == [0, 1, 2, 3]


def test_pixels_show_the_colour_and_the_number() -> None:
    for item in procedural_items.every("attribute", 8):
        for picture, row in zip(procedural_items.pictures("attribute", item), item.evidence["values"], strict=True):
            ink = (picture != picture[0, 0]).any(axis=2)
            paints, sizes = np.unique(picture[ink], axis=0, return_counts=True)
            assert tuple(int(value) for value in paints[sizes.argmax()]) == COLOURS[row["colour"]]
            if row["style"] == "filled":
                assert ndimage.label(ink, np.ones((3, 3)))[1] == row["number"]


def test_an_answer_cannot_be_told_from_the_question_or_one_image() -> None:
    for level in (1, 2, 3):
        found = procedural_items.items("attribute", level, 64)
        by_question = Counter((item.question, item.answer) for item in found)
        assert set(by_question.values()) == {8}
        odd = Counter(item.evidence["needed"][0] for item in found if item.answer == "No")
        assert set(odd) == {0, 1, 2, 3}


def test_other_attributes_never_single_out_the_odd_image() -> None:
    for item in procedural_items.every("attribute", 48):
        for name in item.evidence["distractors"]:
            counts = sorted(Counter(row[name] for row in item.evidence["values"]).values())
            assert counts in ([1, 1, 1, 1], [2, 2])
        fixed = set(VALUES) - set(item.evidence["distractors"]) - {item.evidence["attribute"]}
        assert all(len({row[name] for row in item.evidence["values"]}) == 1 for name in fixed)
