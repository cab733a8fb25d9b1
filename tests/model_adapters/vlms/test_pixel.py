import numpy as np
import pytest

from data_splits.errors import UserError
from data_splits.question import QuestionSplit
from data_splits.sources import load_questions
from model_adapters.protocols import AnswerRequest, BuildContext
from model_adapters.vlms import VLMS


def answers(split: QuestionSplit, letters: tuple[str, ...] = (), **options: object) -> list:
    requests = [
        AnswerRequest(
            each.id, each.task, (*(split.read_image(key) for key in each.images), "\n" + each.question), letters, 8
        )
        for each in split.questions
    ]
    return VLMS.build("pixel", BuildContext(questions=split, options=options)).answer(requests)


def share(split: QuestionSplit, texts: list[str]) -> float:
    return float(np.mean([text == each.answer for text, each in zip(texts, split.questions, strict=True)]))


def test_patches_are_put_back_where_they_belong() -> None:
    split = load_questions("mirb-procedural", seed=3, per_task=12, tasks="image_jigsaw")
    assert share(split, [each.text for each in answers(split)]) == 1.0
    logits = [each.letter_logits for each in answers(split, ("A", "B", "C", "D"))]
    assert share(split, [max(each, key=each.__getitem__) for each in logits]) == 1.0


def test_common_colours_and_numbers_are_seen() -> None:
    split = load_questions("mirb-procedural", seed=3, per_task=24, tasks="attribute")
    given = answers(split, fallback="empty")
    seen = [(one.text, each.answer) for one, each in zip(given, split.questions, strict=True) if one.text]
    assert len(seen) >= 8 and all(text == gold for text, gold in seen)
    silent = [each.question for one, each in zip(given, split.questions, strict=True) if not one.text]
    assert silent and not any("colour" in text or "number" in text for text in silent)


def test_blobs_of_a_scene_are_a_lower_bound_more_often_than_not() -> None:
    split = load_questions("mirb-procedural", seed=3, per_task=24, tasks="3d_scene")
    apart = [int(one.text) - int(each.answer) for one, each in zip(answers(split), split.questions, strict=True)]
    assert sum(each == 0 for each in apart) >= 4 and sum(each <= 0 for each in apart) > 16


def test_other_tasks_get_the_majority_or_nothing() -> None:
    split = load_questions("mirb-procedural", seed=3, per_task=6, tasks="count")
    assert {each.text for each in answers(split, fallback="empty")} == {""}
    requests = [AnswerRequest(each.id, "count", ("?",)) for each in split.questions]
    majority = VLMS.build("text-only", BuildContext(questions=split)).answer(requests)
    assert [each.text for each in answers(split)] == [each.text for each in majority]
    with pytest.raises(UserError, match="majority or empty"):
        answers(split, fallback="guess")
    with pytest.raises(UserError, match="cannot run without"):
        VLMS.build("pixel", BuildContext())
