"""Options of a question: as the split tells them, else as the text of the question prints them."""

from __future__ import annotations

import re

from data_splits.question import Question
from mirb.tasks import Task

LETTERS = "ABCDEFGH"
_LINE = re.compile(r"^\s*\(?([A-H])[.):]\s*(.+?)\s*$", re.M)
_INLINE = re.compile(r"(?:(?<=\s)|^)\(?([A-H])[.):]\s+(.+?)(?=\s+\(?[A-H][.):]\s|\s*$)", re.S)


def options_of(question: Question, task: Task) -> tuple[str, ...]:
    """The option texts, A first; () where nothing tells them."""
    if question.choices:
        return question.choices
    for pattern in (_LINE, _INLINE):
        found = pattern.findall(question.question)
        if len(found) >= 2 and "".join(letter for letter, _ in found) == LETTERS[: len(found)]:
            return tuple(text for _, text in found)
    return task.options


def option_count(question: Question, task: Task) -> int:
    """How many options there are; 0 where nothing tells."""
    return len(options_of(question, task))


def gold_letter(question: Question, task: Task) -> str:
    """The gold answer as an option letter ("B", "B. Food 2" and the text of option B are all B)."""
    gold = question.answer.strip()
    found = re.match(r"\(?([A-Ha-h])\)?(?:[.):]|\s*$)", gold)
    if found:
        return found[1].upper()
    for index, option in enumerate(options_of(question, task)):
        if option.strip().casefold() == gold.casefold():
            return LETTERS[index]
    return gold
