"""Contact sheets of questions: the images are in them, needed ones first where there are too many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data_splits.errors import UserError
from data_splits.question_sheet import question_sheet, spread
from data_splits.sources import load_questions


def test_a_sheet_holds_every_image_at_full_size() -> None:
    split = load_questions("mirb-procedural", per_task=2, tasks="attribute")
    sheet = np.asarray(question_sheet(split, "attribute", count=2, size=224, columns=4))
    top = 34
    for place, key in enumerate(split.of("attribute")[0].images):
        left = 10 + place * 234
        assert np.array_equal(sheet[top : top + 224, left : left + 224], split.read_image(key))
    gold = (sheet == (255, 205, 90)).all(axis=2).any(axis=1)
    assert gold.sum() > 5  # the answers are written


def test_needed_images_of_many_are_shown() -> None:
    split = load_questions("mirb-procedural", per_task=1, tasks="arxiv", difficulty=3)
    question = split.questions[0]
    sheet = question_sheet(split, "arxiv", count=1, size=732, columns=2)
    for place, number in enumerate(question.evidence["needed"]):
        page = split.read_image(question.images[number])
        left = 10 + place * (page.shape[1] + 10)
        assert np.array_equal(np.asarray(sheet)[34 : 34 + 732, left : left + page.shape[1]], page)


def test_one_question_of_each_task() -> None:
    split = load_questions("mirb-procedural", per_task=3, tasks="attribute,analogy")
    sheet = np.asarray(question_sheet(split, None, size=224, columns=4))
    tops = [34, 34 + 224 + 3 * 17 + 20]
    for task, top in zip(split.tasks, tops, strict=True):
        shown = split.read_image(split.of(task)[1].images[0])
        assert np.array_equal(sheet[top : top + 224, 10 : 10 + 224], shown)


def test_spread_and_consent() -> None:
    split = load_questions("mirb-procedural", per_task=9, tasks="count")
    assert [question.id[-1] for question in spread(split.questions, 3)] == ["0", "3", "6"]
    with pytest.raises(UserError, match="--include-credentialed"):
        question_sheet(replace(split, credentialed=True), "count")
