"""The tasks by name, each in a file of its own; items by number, images by key."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from data_splits.integrity import sha256_bytes
from data_splits.mirb_procedural.item import LEVELS, Ask, Item
from data_splits.question import ColourImage, Question

MODULES = {
    "food": "food",
    "sightseeing": "sightseeing",
    "codeu": "codeu",
    "plot_code": "plot_code",
    "analogy": "analogy",
    "3d_scene": "scene_3d",
    "image_jigsaw": "image_jigsaw",
    "count": "count",
    "attribute": "attribute",
    "visual_chain": "visual_chain",
    "arxiv": "arxiv",
}
"""Task name -> module of this package with `make(ask) -> Item` and `render(scene) -> pixels`, in MIRB's order."""

STAND_INS = ("sightseeing",)


def ask_for(seed: int, task: str, index: int, difficulty: int | None) -> Ask:
    """The key of item `index`: levels take turns, unless one is asked for."""
    if difficulty is not None:
        return Ask(seed, task, difficulty, index)
    return Ask(seed, task, LEVELS[index % len(LEVELS)], index // len(LEVELS))


def make(ask: Ask) -> Item:
    """The item of a key."""
    item: Item = _module(ask.task).make(ask)
    return item


def question_id(seed: int, task: str, index: int, difficulty: int | None) -> str:
    """For example "count-s7-0003", or "count-s7-d2-0003" where only one level was asked for."""
    return f"{task}-s{seed}-{'' if difficulty is None else f'd{difficulty}-'}{index:04d}"


def to_question(name: str, ask: Ask, item: Item) -> Question:
    """An item with its id and image keys."""
    return Question(
        id=name,
        task=ask.task,
        question=item.question,
        answer=item.answer,
        images=tuple(f"{name}.{number}" for number in range(len(item.scenes))),
        choices=item.choices,
        text_question=item.text_question,
        evidence={**item.evidence, "difficulty": ask.difficulty},
    )


class Images:
    """Draws the images of some items when they are read.

    Args:
        scenes: image key -> (task, plan).
    """

    def __init__(self, scenes: Mapping[str, tuple[str, Any]]) -> None:
        self._scenes = scenes

    def read(self, key: str) -> ColourImage:
        """The pixels of an image."""
        task, scene = self._scenes[key]
        pixels: ColourImage = _module(task).render(scene)
        return pixels


def pixel_hash(pixels: ColourImage) -> str:
    """sha256 over the shape and the bytes of the pixels."""
    return sha256_bytes(f"{pixels.shape[0]}x{pixels.shape[1]}/".encode() + pixels.tobytes())


@cache
def _module(task: str) -> Any:
    return importlib.import_module(f"data_splits.mirb_procedural.{MODULES[task]}")
