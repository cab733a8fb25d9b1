"""What a task of MIRB is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Category = Literal["knowledge", "reasoning", "perception", "multi-hop", "extra"]
"""The score is the mean of the first four category means; an "extra" task is outside the score."""

Answer = Literal["letter", "yes/no", "number", "ordinal", "place", "title"]
"""Form of the gold answer. ordinal: First to Fourth, of options that are printed with letters. place: yes, no, or the
name of a city."""

OfficialRule = Literal["exact", "number", "yes/no", "contains"]
"""Published scoring rule; see mirb.scorers.official."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    Attributes:
        name: file stem of the published data. alias: its name in an earlier release, or "".
        category: where it counts.
        answer: form of the gold answer; decides how v2 reads an answer and what guessing scores.
        asks: what an item asks for, in a few words.
        images: how many images a published item has, in words.
        instruction: published instruction, word for word (MIRB's `get_task_instruction`).
        official: published scoring rule.
        official_letters: the official protocol asks open models for the letter of highest probability.
        options: options that are the same for every item, where the data do not print them apart.
    """

    name: str
    category: Category
    answer: Answer
    asks: str
    images: str
    instruction: str
    official: OfficialRule
    alias: str = ""
    official_letters: bool = False
    options: tuple[str, ...] = ()
