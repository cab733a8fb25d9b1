"""All tasks together: names, balance, difficulty, sizes, evidence."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict

import procedural_items
import pytest

from data_splits.mirb_procedural.tasks import MODULES, STAND_INS, ask_for, make, question_id, to_question
from data_splits.sources.mirb_answers import ANSWER_FORMS

TASKS = tuple(MODULES)
CHANCE = {
    "food": (1 / 3, 1 / 4, 1 / 4),
    "sightseeing": (1 / 3, 1 / 3, 1 / 3),
    "codeu": (1 / 4, 1 / 4, 1 / 4),
    "plot_code": (1 / 4, 1 / 4, 1 / 4),
    "analogy": (1 / 2, 1 / 2, 1 / 2),
    "3d_scene": (1 / 5, 1 / 6, 1 / 7),
    "image_jigsaw": (1 / 4, 1 / 4, 1 / 4),
    "count": (1 / 10, 1 / 14, 1 / 20),
    "attribute": (1 / 2, 1 / 2, 1 / 2),
    "visual_chain": (1 / 12, 1 / 12, 1 / 12),
    "arxiv": (1 / 40, 1 / 40, 1 / 40),
}
"""What the most frequent answer of a level may be right on, by level."""


def test_names_are_those_of_the_benchmark() -> None:
    from mirb.tasks import TASKS as BENCHMARK

    assert list(MODULES) == list(ANSWER_FORMS)
    assert set(MODULES) == {task.name for task in BENCHMARK}
    assert set(STAND_INS) == {"sightseeing"}


@pytest.mark.parametrize("task", [task for task in TASKS if task not in ("3d_scene", "codeu")])
def test_the_most_frequent_answer_is_no_better_than_chance(task: str) -> None:
    for level, chance in zip((1, 2, 3), CHANCE[task], strict=True):
        found = procedural_items.items(task, level, 120)
        assert Counter(item.answer for item in found).most_common(1)[0][1] <= math.ceil(chance * 120 - 1e-9)


@pytest.mark.parametrize("task", ["3d_scene", "codeu"])
def test_the_most_frequent_answer_is_no_better_than_chance_in_whole_blocks(task: str) -> None:
    for level, chance in zip((1, 2, 3), CHANCE[task], strict=True):
        block = round(1 / chance)
        found = procedural_items.items(task, level, 24)[: 24 // block * block]
        assert set(Counter(item.answer for item in found).values()) == {len(found) // block}


@pytest.mark.parametrize("task", ["food", "sightseeing", "plot_code", "analogy", "image_jigsaw", "attribute", "count"])
def test_the_wording_does_not_tell_the_answer(task: str) -> None:
    """The best answer for each wording (numbers and names masked), fitted on one half, gains nothing on the other."""

    def wording(text: str) -> str:
        return re.sub(r"\d+|(?<=in )[A-Z]\w+|\[.*?\]", "#", text)

    for level, chance in zip((1, 2, 3), CHANCE[task], strict=True):
        found = procedural_items.items(task, level, 240)
        best: dict[str, Counter[str]] = defaultdict(Counter)
        for item in found[:120]:
            best[wording(item.question)][item.answer] += 1
        overall = Counter(item.answer for item in found[:120])
        right = sum(
            item.answer == (best[wording(item.question)] or overall).most_common(1)[0][0] for item in found[120:]
        )
        if (
            task == "sightseeing"
        ):  # whether a name, or yes or no, is asked for may be told: a coin is left of the latter
            chance = 0.38 if level != 2 else 0.45
        assert right / 120 <= chance + 3 * (chance * (1 - chance) / 120) ** 0.5


@pytest.mark.parametrize("task", TASKS)
def test_evidence_is_plain_json_and_names_images_that_exist(task: str) -> None:
    for item in procedural_items.every(task, 8):
        assert json.loads(json.dumps(item.evidence)) == item.evidence
        needed = item.evidence["needed"]
        assert needed and needed == sorted(set(needed)) and needed[0] >= 0 and needed[-1] < len(item.scenes)
        assert "distractors" in item.evidence
        assert 2 <= len(item.scenes) <= 42
        form = ANSWER_FORMS[task]
        if form == "letter":
            assert item.answer in "ABCD"[: len(item.choices)]
            assert all(
                f"\n{letter}. {choice}" in item.question for letter, choice in zip("ABCD", item.choices, strict=False)
            )
        elif form == "number":
            assert item.answer.isdigit()
        elif form == "yes/no":
            assert item.answer in ("Yes", "No")
        assert (item.text_question is not None) == (task in ("codeu", "plot_code", "arxiv"))


def test_levels_are_ordered_by_their_knobs() -> None:
    """Each level has more to look at, more steps, or fewer differences than the one before."""

    def mean(task: str, level: int, knob: object) -> float:
        found = procedural_items.items(task, level, 8)
        return sum(knob(item) for item in found) / len(found)  # type: ignore[operator]

    knobs = {
        "count": lambda item: sum(item.evidence["distractors"]),
        "attribute": lambda item: len(item.evidence["distractors"]),
        "analogy": lambda item: len(item.evidence["steps"]),
        "3d_scene": lambda item: len(item.scenes),
        "visual_chain": lambda item: len(item.scenes) + item.evidence["steps"],
        "arxiv": lambda item: len(item.scenes),
        "codeu": lambda item: len(item.evidence["needed"]),
        "food": lambda item: sum(map(len, item.evidence["ingredients"])),
        "sightseeing": lambda item: sum(len(fact.get("guide", ())) for fact in item.evidence["facts"]),
        "plot_code": lambda item: -len(item.evidence["differ"]),
        "image_jigsaw": lambda item: (
            item.evidence["patches_needed"] - len({str(pane) for pane in item.evidence["panes"]})
        ),
    }
    assert set(knobs) == set(TASKS)
    for task, knob in knobs.items():
        one, two, three = (mean(task, level, knob) for level in (1, 2, 3))
        assert one <= two <= three and one < three, (task, one, two, three)


@pytest.mark.parametrize("task", TASKS)
def test_images_are_rgb_of_moderate_size(task: str) -> None:
    for level in (1, 3):
        item = procedural_items.items(task, level, 8)[0]
        for picture in procedural_items.pictures(task, item)[:6]:
            assert picture.dtype == "uint8" and picture.ndim == 3 and picture.shape[2] == 3
            assert min(picture.shape[:2]) >= 100 and max(picture.shape[:2]) <= (740 if task == "arxiv" else 540)


def test_levels_take_turns_and_a_fixed_level_gives_the_same_items() -> None:
    assert [ask_for(1, "count", index, None).difficulty for index in range(6)] == [1, 2, 3, 1, 2, 3]
    mixed, fixed = ask_for(1, "count", 7, None), ask_for(1, "count", 2, 2)
    assert mixed == fixed
    question = to_question(question_id(1, "count", 7, None), mixed, make(mixed))
    assert question.id == "count-s1-0007" and question.evidence["difficulty"] == 2
    assert question.images == ("count-s1-0007.0", "count-s1-0007.1", "count-s1-0007.2")
    assert question_id(1, "count", 2, 2) == "count-s1-d2-0002"
