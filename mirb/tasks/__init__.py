"""The tasks, one file each: category, answer form, published instruction and scoring rule.

How many items a task has is read from the data, never assumed.
"""

from __future__ import annotations

from difflib import get_close_matches

from data_splits.errors import UserError
from mirb.tasks import (
    analogy,
    arxiv,
    attribute,
    chest_pair,
    codeu,
    count,
    food,
    image_jigsaw,
    plot_code,
    scene_3d,
    sightseeing,
    visual_chain,
)
from mirb.tasks.base import Answer, Category, Task

__all__ = ["CATEGORIES", "EXTRA_TASKS", "TASKS", "Answer", "Category", "Task", "find", "of_category"]

CATEGORIES: tuple[Category, ...] = ("knowledge", "reasoning", "perception", "multi-hop")

TASKS: tuple[Task, ...] = tuple(
    module.TASK
    for module in (
        *(food, sightseeing),
        *(codeu, plot_code, analogy, scene_3d),
        *(image_jigsaw, count, attribute),
        *(visual_chain, arxiv),
    )
)
"""The published eleven, in the order of the published categories."""

EXTRA_TASKS: tuple[Task, ...] = (chest_pair.TASK,)
"""Tasks that are scored like the others but never enter a category or the overall score."""


def find(name: str) -> Task:
    """The task of this name, or of this name in an earlier release of the data.

    Raises:
        UserError: there is none; the message holds the nearest known name.
    """
    for task in (*TASKS, *EXTRA_TASKS):
        if name in (task.name, task.alias):
            return task
    known = [task.name for task in (*TASKS, *EXTRA_TASKS)]
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
    raise UserError(f"MIRB has no task {name!r}. {hint}")


def of_category(category: str) -> tuple[Task, ...]:
    """The tasks of a category."""
    return tuple(task for task in TASKS if task.category == category)
