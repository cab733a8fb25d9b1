"""sightseeing: a solver that sees only the facts of the images agrees with the gold, and fails without any of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import procedural_items

from data_splits.mirb_procedural.drawing.landmarks import LANDMARKS, landmark

ORDINALS = {"first": 0, "second": 1, "third": 2}
Fact = dict[str, Any]


def city_of(facts: list[Fact], mark: str) -> str | None:
    """The name that the guides give for a flag or landmark, over one step in between if need be."""
    seen, wave = {mark}, {mark}
    while wave:
        found: set[str] = set()
        for fact in facts:
            for name, flag, landmark_name in fact.get("guide", ()):
                shown = {"name": name, "flag": flag, "landmark": landmark_name}
                marks = {shown[what] for what in fact["shows"]}
                if marks & wave:
                    if "name" in fact["shows"]:
                        return str(name)
                    found |= marks
        wave = found - seen
        seen |= found
    return None


def solved(facts: list[Fact | None], question: str) -> str | None:
    """The answer from the images that are there (None where one is hidden)."""
    there = [fact for fact in facts if fact is not None]
    if question.startswith("Were the second and the third"):
        cards = facts[1:3]
        if None in cards:
            return None
        names = [city_of(there, card["postcard"]) for card in cards if card is not None]
        return None if None in names else "Yes" if names[0] == names[1] else "No"
    asked = re.search(r"the (first|second|third) picture taken(?: in (\w+))?\?", question)
    assert asked
    card = facts[ORDINALS[asked[1]]]
    name = None if card is None else city_of(there, card["postcard"])
    if name is None or asked[2] is None:
        return name
    return "Yes" if name == asked[2] else "No"


def test_the_solver_agrees_and_needs_what_evidence_says() -> None:
    for item in procedural_items.every("sightseeing", 48):
        facts = item.evidence["facts"]
        assert solved(facts, item.question) == item.answer
        for hidden in range(len(facts)):
            rest = solved([*facts[:hidden], None, *facts[hidden + 1 :]], item.question)
            assert (rest is None) == (hidden in item.evidence["needed"])


def test_marks_are_unique_within_a_guide() -> None:
    for item in procedural_items.every("sightseeing", 48):
        for fact in item.evidence["facts"]:
            for column in zip(*fact.get("guide", [["a", "b", "c"]]), strict=True):
                assert len(set(column)) == len(column)


def test_a_named_city_is_always_one_of_the_guide() -> None:
    for item in procedural_items.every("sightseeing", 48):
        named = re.search(r"taken in (\w+)\?", item.question)
        if named:
            names = {row[0] for fact in item.evidence["facts"] for row in fact.get("guide", ())}
            assert named[1] in names


def test_landmarks_are_told_apart() -> None:
    masks = {name: landmark(name, 56) for name in LANDMARKS}
    for one in masks:
        for two in masks:
            if one < two:
                union = (masks[one] | masks[two]).sum()
                assert np.logical_xor(masks[one], masks[two]).sum() > 0.25 * union, (one, two)
