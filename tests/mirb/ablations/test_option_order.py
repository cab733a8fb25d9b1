"""Options turned round the circle: content, letters and gold move together."""

from __future__ import annotations

from collections import Counter

import pytest
from ablation_runs import material
from mirb_questions import question

from data_splits.sources import load_questions
from mirb.ablations.base import Unfit
from mirb.ablations.option_order import make
from mirb.scorers.options import options_of
from mirb.tasks import find


def test_one_turn_by_hand() -> None:
    each = question("codeu", "B", question="What?\nA. one\nB. two\nC. three\n\nThink.".replace("\n\nThink.", ""))
    first, second = make(material(each, 2))
    assert first.question.question == "What?\nA. two\nB. three\nC. one" and first.question.answer == "A"
    assert second.question.question == "What?\nA. three\nB. one\nC. two" and second.question.answer == "C"
    assert first.images == second.images and len(first.images) == 2


@pytest.mark.parametrize("task", ["food", "codeu", "image_jigsaw", "plot_code"])
def test_every_option_stands_once_at_every_letter_and_gold_keeps_its_content(task: str) -> None:
    split = load_questions("mirb-procedural", seed=4, per_task=6, tasks=task)
    golds: Counter[str] = Counter()
    for each in split.questions:
        known = find(task)
        word = known.answer == "ordinal"
        content = each.answer if word else each.choices["ABCD".index(each.answer)]
        variants = make(material(each, len(each.images)))
        assert len(variants) == len(each.choices) - 1
        places = [each.choices.index(content)]
        for variant in variants:
            options = options_of(variant.question, known)
            printed = options_of(question(task, "A", question=variant.question.question, choices=()), known)
            assert options == printed, "what is printed is what the scorer is told"
            assert sorted(options) == sorted(each.choices)
            gold = variant.question.answer
            place = options.index(gold) if word else "ABCD".index(gold)
            assert options[place] == content
            places.append(place)
        assert sorted(places) == list(range(len(each.choices)))
        golds.update(places)
    assert len(golds) >= 3


def test_questions_without_printed_options_are_left_out() -> None:
    for each, reason in (
        (question("count", "3"), "no options"),
        (question("food", "A", question="A. Food 1 / B. Food 2"), "lines of their own"),
        (question("food", "Z"), "gold answer is no option"),
    ):
        with pytest.raises(Unfit, match=reason):
            make(material(each, 2))
