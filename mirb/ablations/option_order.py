"""option-order: the options turned round the circle, with the gold letter that belongs to them.

Every option stands once at every letter, so the gold letters are exactly even, and a model that goes by content chooses
every letter equally often, right or wrong. "None of the Above" turns with the rest.
"""

from __future__ import annotations

from dataclasses import replace

from data_splits.question import Question
from data_splits.sources.mirb_answers import LETTER_OPTION
from mirb.ablations.base import Ablation, Material, Unfit, Variant
from mirb.scorers.options import LETTERS, gold_letter


def make(material: Material) -> list[Variant]:
    """All turns but the original order."""
    question, task = material.question, material.task
    if task.answer not in ("letter", "ordinal"):
        raise Unfit("it has no options")
    pieces = printed_options(question.question)
    if len(pieces) < 2:
        raise Unfit("its options do not stand on lines of their own")
    gold = LETTERS.find(gold_letter(question, task))
    if not 0 <= gold < len(pieces):
        raise Unfit("its gold answer is no option")
    return [_turned(material, pieces, gold, turn) for turn in range(1, len(pieces))]


def printed_options(text: str) -> list[tuple[int, int]]:
    """Where the text of each option stands, A first; [] where the options are not printed as A, B, ... on lines."""
    marks = list(LETTER_OPTION.finditer(text))
    if "".join(mark[1] for mark in marks) != LETTERS[: len(marks)]:
        return []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [(mark.end(), end) for mark, end in zip(marks, ends, strict=True)]


def _turned(material: Material, pieces: list[tuple[int, int]], gold: int, turn: int) -> Variant:
    """New letter k holds old option k + turn."""
    question = material.question
    count = len(pieces)
    texts = [question.question[start:end].strip() for start, end in pieces]
    turned = [texts[(k + turn) % count] for k in range(count)]
    text = question.question
    for (start, end), new in reversed(list(zip(pieces, turned, strict=True))):
        old = text[start:end]
        text = text[:start] + new + old[len(old.rstrip()) :] + text[end:]
    choices = tuple(turned) if question.choices else ()
    return Variant(
        _answered(material, replace(question, question=text, choices=choices), (gold - turn) % count, turned),
        material.images,
        f"turn-{turn}",
    )


def _answered(material: Material, question: Question, gold: int, options: list[str]) -> Question:
    """With its gold answer: a letter, or the word of the option where the task asks for words."""
    return replace(question, answer=options[gold] if material.task.answer == "ordinal" else LETTERS[gold])


ABLATION = Ablation("option-order", "the options turned round, gold letter remapped", "order", make)
