"""What a task file makes: an item, drawn from its key alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from data_splits.phantom.draws import Draws

VERSION = "1"
"""Raise it when any item of any task changes: its text, its gold or a pixel."""

LEVELS = (1, 2, 3)
LETTERS = "ABCD"
NUMBER_WORDS = {2: "two", 3: "three", 4: "four", 5: "five"}

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """One question before it has an id.

    Attributes:
        question, answer, choices, text_question, evidence: as for `data_splits.question.Question`.
        scenes: the plan of each image in order; the task's `render` turns one into pixels.
    """

    question: str
    answer: str
    scenes: tuple[Any, ...]
    evidence: Mapping[str, Any]
    choices: tuple[str, ...] = ()
    text_question: str | None = None


@dataclass(frozen=True)
class Ask:
    """The key of an item: everything in it follows from these four values.

    Attributes:
        seed: of the split.
        task: task name.
        difficulty: 1 easy, 2, 3 hard.
        ordinal: 0, 1, ... among the items of this task and difficulty.
    """

    seed: int
    task: str
    difficulty: int
    ordinal: int

    def draws(self, *purpose: str | int) -> Draws:
        """A stream of draws for one purpose of this item."""
        return Draws("mirb-procedural", VERSION, self.seed, self.task, self.difficulty, self.ordinal, *purpose)

    def balanced(self, options: Sequence[T], purpose: str = "gold") -> T:
        """One of the options, so that each block of `len(options)` items of a difficulty holds every option once.

        The order within a block is drawn, so an item still follows from its own key and no run of golds repeats.
        """
        block, place = divmod(self.ordinal, len(options))
        key = ("mirb-procedural", VERSION, self.seed, self.task, self.difficulty, "block", purpose, block)
        return shuffled(Draws(*key), options)[place]


def shuffled(draws: Draws, items: Sequence[T]) -> list[T]:
    """The items in a drawn order (Fisher-Yates)."""
    order = list(items)
    for last in range(len(order) - 1, 0, -1):
        other = draws.integer(0, last)
        order[last], order[other] = order[other], order[last]
    return order


def sample(draws: Draws, items: Sequence[T], count: int) -> list[T]:
    """`count` different items in a drawn order."""
    return shuffled(draws, items)[:count]


def parts(draws: Draws, total: int, pieces: int, most: int) -> list[int]:
    """`total` as a sum of `pieces` whole numbers from 1 to `most`, dealt one by one."""
    sizes = [1] * pieces
    for _ in range(total - pieces):
        open_ = [piece for piece in range(pieces) if sizes[piece] < most]
        sizes[draws.choice(open_)] += 1
    return sizes


def with_options(question: str, choices: Sequence[str]) -> str:
    """The question with its options inlined as MIRB prints them: "\\nA. ...\\nB. ..."."""
    return question + "".join(f"\n{letter}. {choice}" for letter, choice in zip(LETTERS, choices, strict=False))
