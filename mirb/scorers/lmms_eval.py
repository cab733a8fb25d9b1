"""The rules of lmms-eval's MIRB task (lmms_eval/tasks/mirb/utils.py, commit 17a3028; described, not copied).

Gold answers A to E: the answer must be the letter itself, or begin with it and a full stop.

All others: the answer is lower-cased, stripped of full stops and split into lines. Of each line the shortest tail
after "could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result " (and "=" in the last line) is a
candidate; without any, the whole answer is the only one. Numbers in candidates are candidates too. Numbers must be
equal (to two decimals); texts must contain the gold answer, so "cannot" contains "no", and the "is " inside "Paris "
cuts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from data_splits.question import Question
from mirb.scorers.base import Given, Scorer, Verdict
from mirb.tasks import Task

LETTERS = frozenset("ABCDE")
_MARKERS = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_TRIVIAL = frozenset(":,.!?;'")
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)

Value = str | float


def judge(question: Question, task: Task, given: Given) -> Verdict:
    """Score an answer; there is no third outcome."""
    if question.answer in LETTERS:
        found = re.match(r"\s*([A-Z])\.", given.text)
        read = found[1] if found else given.text
        outcome = read == question.answer
        return Verdict("correct" if outcome else "wrong", read, "lmms-eval: letter", given.text)
    wanted = normalised(question.answer)
    texts = candidates(given.text)
    values = {value for text in [*texts, *_numbers(texts)] for value in normalised(text)}
    correct = any(_agrees(value, wanted) for value in values)
    shown = " | ".join(texts)
    return Verdict("correct" if correct else "wrong", shown, "lmms-eval: candidates", shown)


def candidates(answer: str) -> list[str]:
    """The pieces of an answer in which the gold answer is looked for."""
    text = answer.strip().strip(".").lower()
    lines = text.split("\n")
    found = []
    for index, line in enumerate(lines):
        markers = (*_MARKERS, "=") if index == len(lines) - 1 else _MARKERS
        tails = [line.split(marker)[-1].strip() for marker in markers if marker in line]
        shortest = _shortest(tails)
        if shortest and shortest not in _TRIVIAL:
            found.append(shortest)
    return found or [text]


def _shortest(tails: list[str]) -> str:
    """The shortest tail; after an empty one the next counts again, as in the original."""
    kept = ""
    for tail in tails:
        if not kept or len(tail) < len(kept):
            kept = tail
    return kept


def _numbers(texts: list[str]) -> Iterator[str]:
    for text in texts:
        for pattern in _NUMBERS:
            yield from pattern.findall(text)


def normalised(text: str) -> list[Value]:
    """A number to two decimals, or lower-cased text; a single character is matched with a space beside it only."""
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        text = text.lower()
        return [" " + text, text + " "] if len(text) == 1 else [text]


def _agrees(value: Value, wanted: list[Value]) -> bool:
    if isinstance(value, str):
        return any(isinstance(gold, str) and gold in value for gold in wanted)
    return value in wanted


SCORER = Scorer(
    name="lmms-eval",
    summary="lmms-eval's parsers: letter alone or with a full stop; gold contained in the tail of a line; no unparsed",
    judge=judge,
    reads_letters=False,
    three_outcomes=False,
)
