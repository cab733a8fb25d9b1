"""lmms-eval's parsers reproduce every golden vector."""

from __future__ import annotations

import pytest
from mirb_questions import question

from mirb.scorers import Given, lmms_eval
from mirb.tasks import find
from tests.mirb.scorers.golden import GOLDEN


@pytest.mark.parametrize(("task", "answer", "gold", "_official", "correct"), GOLDEN)
def test_golden_vectors(task: str, answer: str, gold: str, _official: int, correct: int) -> None:
    verdict = lmms_eval.judge(question(task, gold), find(task), Given(answer))
    assert verdict.correct == bool(correct), verdict


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("So the total is 7", ["7"]),
        ("one. Two. Three", ["one. two. three"]),
        ("first line is a\nx = 1, y = 2", ["a", "2"]),
        ("x = 1\nnothing", ["x = 1\nnothing"]),
        ("The result is:", ["is:"]),
    ],
)
def test_candidates(answer: str, found: list[str]) -> None:
    assert lmms_eval.candidates(answer) == found


def test_a_letter_by_probability_cannot_be_read() -> None:
    assert not lmms_eval.SCORER.applies(Given("", letter="B"))
    assert lmms_eval.SCORER.applies(Given("B"))
