"""Options and answers, one form for each task."""

from __future__ import annotations

import pytest

from data_splits.sources.mirb_answers import NUMBER_OPTION, check, options

LETTERED = "Which?\nA. one\nB. two words\nC. [3, 0, 2, 1]"


def test_options() -> None:
    assert options(LETTERED) == ("one", "two words", "[3, 0, 2, 1]")
    assert options("Which?\nA) x\nB) y\nplain end") == ("x", "y\nplain end")
    assert options("Is vitamin A. or B. better?") == ()
    assert options("Which?\nB. x\nC. y") == ()
    assert options("Which?\n1. x\n2. y", NUMBER_OPTION) == ("x", "y")


@pytest.mark.parametrize(
    ("task", "answer", "given"),
    [
        ("count", 3, "3"),
        ("count", 3.0, "3"),
        ("visual_chain", "-5", "-5"),
        ("analogy", " yes ", "yes"),
        ("plot_code", "second", "second"),
        ("arxiv", "A. Title: of 3", "A. Title: of 3"),
    ],
)
def test_good_answers(task: str, answer: object, given: str) -> None:
    checked = check(task, "?", answer)
    assert (checked.answer, checked.odd) == (given, "")


@pytest.mark.parametrize(
    ("task", "question", "answer"),
    [
        ("count", "?", "three"),
        ("count", "?", True),
        ("count", "?", 2.5),
        ("analogy", "?", "maybe"),
        ("plot_code", "?", "Fifth"),
        ("food", LETTERED, "D"),
        ("food", LETTERED, 2),
        ("codeu", "Which?\n1. x\n2. y", 0),
        ("codeu", "Which?\n1. x\n2. y", 3),
        ("arxiv", "?", "  "),
        ("arxiv", "?", ["x"]),
    ],
)
def test_odd_answers(task: str, question: str, answer: object) -> None:
    assert check(task, question, answer).odd


def test_numbers_before_options_become_letters() -> None:
    checked = check("codeu", "What?\n1. a 2. b\n2. c\n3. 4. d", 3)
    assert checked.question == "What?\nA. a 2. b\nB. c\nC. 4. d"
    assert (checked.answer, checked.choices, checked.relettered) == ("C", ("a 2. b", "c", "4. d"), True)
