from dataclasses import replace

import pytest
from toy_questions import requests_of, toy_questions

from data_splits.errors import UserError
from data_splits.question import QuestionSplit
from model_adapters.protocols import BuildContext
from model_adapters.vlms import VLMS
from model_adapters.vlms.text_only import fold_of


def accuracy(split: QuestionSplit) -> float:
    model = VLMS.build("text-only", BuildContext(questions=split))
    texts = [response.text for response in model.answer(requests_of(split))]
    return sum(text == each.answer for text, each in zip(texts, split.questions, strict=True)) / len(texts)


def test_it_scores_the_share_of_the_majority_answer() -> None:
    assert accuracy(toy_questions({"count": ["3", "3", "3", "5"] * 50})) == 0.75


def test_the_asked_answer_is_not_seen() -> None:
    """Changing the gold answers of one half changes no answer given in that half."""
    split = toy_questions({"analogy": ["Yes", "No", "No"] * 20})
    changed = replace(
        split, questions=tuple(replace(each, answer="Yes") if fold_of(each) else each for each in split.questions)
    )
    chosen = [request for request, each in zip(requests_of(split), split.questions, strict=True) if fold_of(each)]
    before, after = (VLMS.build("text-only", BuildContext(questions=each)).answer(chosen) for each in (split, changed))
    assert before == after and len(chosen) > 10
    asked = {request.case_id for request in chosen}
    others = [request for request in requests_of(split) if request.case_id not in asked]
    assert {each.text for each in VLMS.build("text-only", BuildContext(questions=changed)).answer(others)} == {"Yes"}


def test_a_balanced_task_does_not_collapse() -> None:
    """Remembered pitfall: leaving out one question at a time scores 0 % on a balanced task."""
    assert 0.3 < accuracy(toy_questions({"attribute": ["Yes", "No"] * 100})) <= 0.5


def test_tasks_do_not_mix() -> None:
    split = toy_questions({"count": ["3"] * 40, "attribute": ["No"] * 40})
    assert accuracy(split) == 1.0


def test_letters_carry_the_counts_of_the_other_half() -> None:
    split = toy_questions({"food": ["B"] * 30 + ["A"] * 10})
    model = VLMS.build("text-only", BuildContext(questions=split))
    for response in model.answer(requests_of(split, letters=("A", "B", "C"))):
        logits = response.letter_logits
        assert logits["B"] > logits["A"] > logits["C"]


def test_it_needs_its_split() -> None:
    with pytest.raises(UserError, match="cannot run without"):
        VLMS.build("text-only", BuildContext())
    model = VLMS.build("text-only", BuildContext(questions=toy_questions({"count": ["3", "4"]})))
    with pytest.raises(UserError, match="another split"):
        model.answer(requests_of(toy_questions({"food": ["A"]})))
