"""What a protocol fixes: how a question is put, how an answer is read, how answers are averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from data_splits.integrity import content_hash
from data_splits.question import Question
from mirb.scorers import Scorer
from mirb.tasks import EXTRA_TASKS, TASKS, Task
from model_adapters.inference.prompts import instruction

Average = Literal["macro", "micro"]
Parts = Callable[[Question, Task, Sequence[Any]], tuple[Any, ...]]
"""Question, task, images (pixels or references) -> the parts of the prompt, in order."""


@dataclass(frozen=True)
class Protocol:
    """One way to ask and score MIRB.

    Attributes:
        name: "v2", "official" or "lmms-eval". summary: what it is for, in a sentence.
        prompt: the layout of the prompt, in words; enters the hash. parts: makes it.
        max_new_tokens: cap of an answer.
        letters: ask for the letter of highest probability where a task was published that way; () asks for text.
        scorer: reads the answers.
        average: macro is the mean over categories of the mean over their tasks; micro is the share of all questions.
        quirks: how the protocol departs from what it is meant to measure.
        not_imitated: published details that differ by model and are not repeated.
    """

    name: str
    summary: str
    prompt: str
    parts: Parts
    max_new_tokens: int
    letters: tuple[str, ...]
    scorer: Scorer
    average: Average
    quirks: tuple[str, ...] = ()
    not_imitated: tuple[str, ...] = ()

    @cached_property
    def hash(self) -> str:
        """sha256 of every choice: two results are comparable only where it is equal."""
        tasks = [*TASKS, *EXTRA_TASKS]
        return content_hash(
            {
                "name": self.name,
                "prompt": self.prompt,
                "instructions": {task.name: [task.instruction, instruction(task.name)] for task in tasks},
                "max_new_tokens": self.max_new_tokens,
                "letters": [self.letters, [task.name for task in tasks if task.official_letters]],
                "scorer": [self.scorer.name, self.scorer.version],
                "average": self.average,
                "categories": {task.name: task.category for task in tasks},
            }
        )

    def letters_for(self, task: Task) -> tuple[str, ...]:
        """The option letters whose probability is asked for, or () where text is."""
        return self.letters if task.official_letters else ()
