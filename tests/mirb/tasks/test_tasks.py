"""The tasks as published: categories, instructions and scoring rules of section 1.1 of the reference notes."""

from __future__ import annotations

import pytest

from data_splits.errors import UserError
from mirb.tasks import CATEGORIES, EXTRA_TASKS, TASKS, find, of_category
from model_adapters.inference.prompts import INSTRUCTIONS

LETTER, WORD, NUMBER = "Answer with the option symbol.", "Answer with a single word.", "Answer with a single number."
SCENE = "The following images are different views of the same 3D scene. Answer with a single number."
PUBLISHED = {
    "food": ("knowledge", "foods", LETTER, "exact", True),
    "sightseeing": ("knowledge", "places", WORD, "contains", False),
    "codeu": ("reasoning", "", LETTER, "exact", True),
    "plot_code": ("reasoning", "plot", WORD, "exact", False),
    "analogy": ("reasoning", "", WORD, "yes/no", False),
    "3d_scene": ("reasoning", "", SCENE, "number", False),
    "image_jigsaw": ("perception", "", LETTER, "exact", True),
    "count": ("perception", "", NUMBER, "number", False),
    "attribute": ("perception", "domain", WORD, "yes/no", False),
    "visual_chain": ("multi-hop", "image_needles", WORD, "number", False),
    "arxiv": ("multi-hop", "", "Answer with the paper title.", "exact", False),
}


def test_the_published_eleven() -> None:
    found = {t.name: (t.category, t.alias, t.instruction, t.official, t.official_letters) for t in TASKS}
    assert found == PUBLISHED


def test_categories_hold_every_task_once() -> None:
    assert [task for category in CATEGORIES for task in of_category(category)] == list(TASKS)
    assert [len(of_category(category)) for category in CATEGORIES] == [2, 4, 3, 2]
    assert {task.category for task in EXTRA_TASKS} == {"extra"}


def test_v2_asks_with_the_published_instruction_but_for_the_scene() -> None:
    for task in (*TASKS, *EXTRA_TASKS):
        assert INSTRUCTIONS[task.name] == (NUMBER if task.name == "3d_scene" else task.instruction)


def test_tasks_are_found_by_either_name() -> None:
    assert find("image_needles") is find("visual_chain")
    with pytest.raises(UserError, match="Did you mean analogy"):
        find("analogi")
