"""What a scorer is given and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from data_splits.question import Question
from mirb.tasks import Task
from model_adapters.inference.response_store import ResponseRow

Outcome = Literal["correct", "wrong", "unparsed"]


@dataclass(frozen=True, slots=True)
class Given:
    """A stored answer as a scorer sees it.

    Attributes:
        text: the generated answer, "" where there is none.
        letter: the option letter of the highest logit, or None where text was asked for.
        truncated: the text hit its cap. refused: the model declined.
    """

    text: str
    letter: str | None = None
    truncated: bool = False
    refused: bool = False

    @classmethod
    def of(cls, row: ResponseRow) -> Given:
        """From a row of the response store."""
        return cls(row.text, row.letter, row.truncated, row.status == "refused")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an answer.

    Attributes:
        outcome: see `Outcome`; only v2 says "unparsed".
        answer: what was read from it, or None.
        rule: which rule read it, in words.
        matched: the piece of the answer that the rule read. trace: what was done before, in order.
    """

    outcome: Outcome
    answer: str | None
    rule: str
    matched: str = ""
    trace: tuple[str, ...] = ()

    @property
    def correct(self) -> bool:
        return self.outcome == "correct"


@dataclass(frozen=True, slots=True)
class Scorer:
    """One way to score answers.

    Attributes:
        name: of the protocol it belongs to. summary: its rules in a sentence.
        judge: question, task, answer -> verdict.
        reads_letters: it can score an answer that is a letter by probability and has no text.
        three_outcomes: it tells unparsed from wrong.
        version: raised when a rule changes, so that results before and after are not compared.
    """

    name: str
    summary: str
    judge: Callable[[Question, Task, Given], Verdict]
    reads_letters: bool
    three_outcomes: bool
    version: int = 1

    def applies(self, given: Given) -> bool:
        """Whether the way the answer was elicited lets this scorer read it."""
        return given.letter is None or self.reads_letters
