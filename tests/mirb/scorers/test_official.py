"""The published rules reproduce every golden vector."""

from __future__ import annotations

import pytest
from mirb_questions import question

from mirb.scorers import Given, official
from mirb.tasks import find
from tests.mirb.scorers.golden import GOLDEN


@pytest.mark.parametrize(("task", "answer", "gold", "correct", "_lmms"), GOLDEN)
def test_golden_vectors(task: str, answer: str, gold: str, correct: int, _lmms: int) -> None:
    verdict = official.judge(question(task, gold), find(task), Given(answer))
    assert verdict.correct == bool(correct), verdict
    assert verdict.outcome != "unparsed"


@pytest.mark.parametrize(
    ("text", "left"),
    [("3.5", "3"), ("St. Petersburg", "St"), ("a.b\nc.d", "a.b"), (".5", ".5"), ("\n\nB\nbecause", "B"), ("", "")],
)
def test_the_cut_before_every_rule(text: str, left: str) -> None:
    assert official.cut(text) == left


def test_a_letter_by_probability_is_scored_as_written() -> None:
    for letter, correct in (("B", True), ("E", False)):
        assert official.judge(question("food", "B"), find("food"), Given("", letter=letter)).correct == correct
