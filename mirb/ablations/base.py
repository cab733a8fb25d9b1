"""What an ablation is: the same question with something taken away or moved, and the gold answer that goes with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from data_splits.question import Question
from mirb.scorers import Verdict
from mirb.scorers.options import LETTERS, gold_letter, options_of
from mirb.tasks import Task
from model_adapters.inference.ask import ImageRef

Kind = Literal["need", "form", "order"]
"""need: images are taken away. form: they are shown or asked about in another way. order: something changes places."""

Images = tuple[ImageRef, ...]
UNPARSED = "(unparsed)"


class Unfit(Exception):
    """A question that an ablation does not apply to; the message says why."""


@dataclass(frozen=True)
class Variant:
    """A changed question.

    Attributes:
        question: text, options and gold answer as they are put. images: in order.
        name: tells the variants of one question apart.
        missing: which of the original images cannot be seen.
        back: label of an answer here -> label it has in the original order; labels that are absent stay.
    """

    question: Question
    images: Images
    name: str = ""
    missing: frozenset[int] = frozenset()
    back: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Material:
    """What an ablation is made of.

    Attributes:
        question, task, images: the original. others: further questions of the task, from which images may be taken.
        refs: the images of any question.
    """

    question: Question
    task: Task
    images: Images
    others: Sequence[Question]
    refs: Callable[[Question], Images]

    def needs_images(self, count: int = 1) -> None:
        """Raises Unfit below so many images."""
        if len(self.images) < count:
            raise Unfit(f"fewer than {count} images" if count > 1 else "no images")


@dataclass(frozen=True)
class Ablation:
    """One ablation.

    Attributes:
        name: on the command line. summary: what it does, in a few words. kind: see `Kind`.
        make: the variants of a question; raises Unfit where it has none.
        thinks: asked in two calls, the first for reasoning.
    """

    name: str
    summary: str
    kind: Kind
    make: Callable[[Material], list[Variant]]
    thinks: bool = False

    @property
    def metric(self) -> str:
        """Its name within the names of metrics."""
        return self.name.replace("-", "_")


def drawn(count: int, *key: object) -> tuple[int, ...]:
    """An order of `count` things that is not the original one; it follows from the key alone."""
    if count < 2:
        raise Unfit("nothing to change places")
    attempt = 0
    while True:
        text = "/".join(map(str, ("mirb/ablation", *key, attempt)))
        order = sorted(range(count), key=lambda i: hashlib.sha256(f"{text}/{i}".encode()).digest())
        if order != list(range(count)):
            return tuple(order)
        attempt += 1


def label_of(question: Question, task: Task, verdict: Verdict) -> str:
    """An answer in a form that survives a change of order: the text of the option chosen, else what was read."""
    if verdict.outcome == "unparsed" or verdict.answer is None:
        return UNPARSED
    position = position_of(question, task, verdict)
    return verdict.answer.strip().casefold() if position is None else options_of(question, task)[position].casefold()


def position_of(question: Question, task: Task, verdict: Verdict) -> int | None:
    """Which option was chosen, from 0; None where the task has no options or none was."""
    if verdict.outcome == "unparsed" or not verdict.answer or task.answer not in ("letter", "ordinal"):
        return None
    options = options_of(question, task)
    letter = gold_letter(replace(question, answer=verdict.answer), task)
    known = LETTERS[: len(options)]
    return known.index(letter) if len(letter) == 1 and letter in known else None
