"""Guessing in closed form, and the best constant answer against trying all of them."""

from __future__ import annotations

import pytest
from mirb_questions import question

from mirb.chance import best_constant, expected_score
from mirb.scorers import SCORERS
from mirb.tasks import find


@pytest.mark.parametrize(
    ("task", "gold", "expected"),
    [
        ("food", "B", 1 / 4),
        ("codeu", "A", 1 / 4),
        ("plot_code", "First", 1 / 4),
        ("analogy", "No", 1 / 2),
        ("attribute", "Yes", 1 / 2),
        ("sightseeing", "yes", 1 / 2),
        ("sightseeing", "Rome", 0),
        ("count", "3", 0),
        ("visual_chain", "-5", 0),
        ("arxiv", "A title", 0),
    ],
)
def test_a_guess_picks_among_what_is_offered(task: str, gold: str, expected: float) -> None:
    assert expected_score(question(task, gold), find(task)) == pytest.approx(expected)


def test_the_number_of_options_is_read_from_the_question() -> None:
    three = question("food", "A", choices=("one", "two", "none"))
    assert expected_score(three, find("food")) == pytest.approx(1 / 3)
    inline = question("food", "A", question="Which? A. one B. two")
    assert expected_score(inline, find("food")) == pytest.approx(1 / 2)
    silent = question("food", "A", question="Which?")
    assert expected_score(silent, find("food")) == pytest.approx(1 / 4)


def test_the_published_knowledge_chance_is_reproduced() -> None:
    """(100 / 4 + 102 / 2) / 202 = 37.62 %, which counted every sightseeing question as yes or no."""
    food = [question("food", "A", id=f"f{n}") for n in range(100)]
    sights = [question("sightseeing", "Yes", id=f"s{n}") for n in range(102)]
    scores = [expected_score(each, find(each.task)) for each in food + sights]
    assert round(100 * sum(scores) / 202, 2) == 37.62


def test_the_best_constant_is_the_most_frequent_answer_where_equality_decides() -> None:
    golds = ["3"] * 5 + ["4"] * 7 + ["5"] * 2
    asked = [question("count", gold, id=f"q{n}") for n, gold in enumerate(golds)]
    for scorer in SCORERS.values():
        right = best_constant(asked, find("count"), scorer)
        assert [each.id for each in asked if right[each.id]] == [f"q{n}" for n in range(5, 12)]


def test_the_best_constant_follows_the_scorers_own_rules() -> None:
    """Under the published rules "yes" is right for gold yes only, and anything without it right for gold no."""
    asked = [question("sightseeing", gold, id=gold) for gold in ("No", "Paris", "New Paris")]
    official = best_constant(asked, find("sightseeing"), SCORERS["official"])
    assert official == {"No": True, "Paris": True, "New Paris": True}
    assert sum(best_constant(asked, find("sightseeing"), SCORERS["v2"]).values()) < 3


def test_letters_by_probability_have_constants_too() -> None:
    asked = [question("food", gold, id=f"q{n}") for n, gold in enumerate("ABBBC")]
    right = best_constant(asked, find("food"), SCORERS["official"], ("A", "B", "C", "D", "E"))
    assert sum(right.values()) == 3
