"""Which questions are asked: the same for every model, nested in the limit, and none of an unknown task."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mirb_questions import question

from data_splits.errors import UserError
from data_splits.question import QuestionSplit
from mirb.plan import limited, resolve
from mirb.run_folder import RunConfig

QUESTIONS = tuple(question(task, "1", id=f"{task}-{n}") for task in ("food", "count") for n in range(9))
SPLIT = QuestionSplit("toy", "1", "none", False, QUESTIONS, lambda key: None, stand_ins=("food",))  # type: ignore[arg-type, return-value]


def plan_of(split: QuestionSplit = SPLIT, **options: object) -> object:
    return resolve(RunConfig(vlm="text-only", split="toy", **options), split)  # type: ignore[arg-type]


def test_a_larger_limit_holds_every_question_of_a_smaller_one() -> None:
    few, more = ([each.id for each in plan_of(limit=n).questions] for n in (3, 5))  # type: ignore[attr-defined]
    everything = [each.id for each in QUESTIONS]
    assert [sum(name.startswith(task) for name in few) for task in ("food", "count")] == [3, 3]
    assert set(few) < set(more) < set(everything)
    assert few == [name for name in everything if name in few], "in the order of the split"
    shuffled = limited(list(reversed(QUESTIONS)), 3)
    assert {each.id for each in shuffled} == set(few), "whatever the order of the split"


def test_tasks_are_chosen_by_name_or_old_name() -> None:
    plan = plan_of(tasks=("foods",))
    assert {each.task for each in plan.questions} == {"food"} and plan.split.stand_ins == ("food",)  # type: ignore[attr-defined]
    assert plan_of(tasks=("count",)).split.stand_ins == ()  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="has no questions of arxiv; it has food, count"):
        plan_of(tasks=("arxiv",))
    with pytest.raises(UserError, match="Did you mean count"):
        plan_of(tasks=("cuont",))
    with pytest.raises(UserError, match="names no task"):
        plan_of(tasks=())


def test_the_hash_is_that_of_the_questions_asked() -> None:
    assert plan_of(limit=3).split.hash != plan_of(limit=4).split.hash  # type: ignore[attr-defined]
    assert plan_of(limit=9).split.hash == plan_of().split.hash  # type: ignore[attr-defined]


def test_an_unknown_task_in_the_data_is_named() -> None:
    strange = replace(SPLIT, questions=(replace(QUESTIONS[0], task="weather"),))
    with pytest.raises(UserError, match="unknown tasks: weather"):
        plan_of(strange)
    with pytest.raises(UserError, match="has no questions"):
        plan_of(replace(SPLIT, questions=()))
