"""Items of the generated multi-image questions, drawn for tests."""

from __future__ import annotations

from functools import cache

from data_splits.mirb_procedural import tasks
from data_splits.mirb_procedural.item import LEVELS, Ask, Item
from data_splits.question import ColourImage

SEED = 20261124


@cache
def items(task: str, difficulty: int, count: int = 24, seed: int = SEED) -> tuple[Item, ...]:
    """The first items of a level."""
    return tuple(tasks.make(Ask(seed, task, difficulty, ordinal)) for ordinal in range(count))


def every(task: str, count: int = 24) -> list[Item]:
    """The first items of all levels."""
    return [item for level in LEVELS for item in items(task, level, count)]


def pictures(task: str, item: Item) -> list[ColourImage]:
    """The images of an item."""
    images = tasks.Images({str(number): (task, scene) for number, scene in enumerate(item.scenes)})
    return [images.read(str(number)) for number in range(len(item.scenes))]
