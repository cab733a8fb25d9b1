"""Baseline: the most frequent gold answer of the task. It knows the benchmark and has seen no image.

Definition: the questions of a task are cut into two halves by their clusters (a hash decides, so that questions which
share images stay together); a question is answered with the most frequent gold answer of the other half.

Leaving out only the asked question would break down where it matters: with as many Yes as No, the majority of the
others is always the wrong one, and the baseline would score 0 % where blind guessing scores 50 %. Two halves keep most
of that bias away: on an exactly balanced task the expected score lies some points below guessing, elsewhere it is that
of the majority answer.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from math import log

from data_splits.errors import UserError
from data_splits.question import Question, QuestionSplit
from model_adapters.card import ModelCard
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import AnswerRequest, BuildContext, Response

OPTIONS: dict[str, OptionValue] = {}

CARD = ModelCard(
    name="text-only",
    kind="vlm",
    source="computed from the gold answers of the split",
    licence="Apache-2.0",
    parameters=0,
    settings={"folds": 2},
    notes=(
        "A baseline, not a model: the most frequent gold answer among those questions of the task that lie in the "
        "other half of the split. It never sees the asked question's answer, nor any image.",
    ),
)


class TextOnly:
    """Answers with the majority of the other half of the task."""

    def __init__(self, context: BuildContext) -> None:
        read_options(context.options, OPTIONS, CARD.name)
        if context.questions is None:
            raise UserError("text-only counts the answers of a split of questions; it cannot run without one.")
        self.card = CARD
        self._folds = {each.id: fold_of(each) for each in context.questions.questions}
        self._counts = _counts(context.questions)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Response]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: AnswerRequest) -> Response:
        if request.case_id not in self._folds:
            raise UserError(f"text-only was built for another split: it does not know {request.case_id}.")
        counts = self._counts.get((request.task, 1 - self._folds[request.case_id]), Counter())
        if request.letters:
            return Response("", {letter: log(counts[letter] + 0.5) for letter in request.letters})
        return Response(_majority(counts), tokens_out=1)


def fold_of(question: Question) -> int:
    """0 or 1: a bit of the sha256 of the question's cluster (of its id where it stands alone)."""
    return hashlib.sha256(f"text-only/{question.cluster or question.id}".encode()).digest()[0] & 1


def _counts(questions: QuestionSplit) -> dict[tuple[str, int], Counter[str]]:
    counts: dict[tuple[str, int], Counter[str]] = {}
    for each in questions.questions:
        counts.setdefault((each.task, fold_of(each)), Counter())[each.answer.strip()] += 1
    return counts


def _majority(counts: Counter[str]) -> str:
    """The most frequent answer, on a tie the first in the alphabet; "" where the other half is empty."""
    return min(counts, key=lambda answer: (-counts[answer], answer), default="")


def build(context: BuildContext) -> TextOnly:
    """Needs `context.questions`.

    Raises:
        UserError: there is no split of questions.
    """
    return TextOnly(context)
