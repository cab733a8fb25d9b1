"""Averages, baselines and bounds in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mirb_questions import question

from leaderboards.records.schema import MetricResult
from mirb.protocols import PROTOCOLS
from mirb.scorers import Verdict
from mirb.scores import Scored, groups_of, question_number, results, weights_of
from mirb.tasks import CATEGORIES, EXTRA_TASKS, TASKS, find

SHARES = {
    "food": (34, 100), "sightseeing": (65, 102), "codeu": (15, 50), "plot_code": (11, 48), "analogy": (52, 100),
    "3d_scene": (20, 100), "image_jigsaw": (26, 100), "count": (45, 150), "attribute": (58, 100),
    "visual_chain": (1, 62), "arxiv": (0, 57),
}  # fmt: skip


def made(shares: dict[str, tuple[int, int]], unparsed: int = 0, cluster: int = 1) -> list[Scored]:
    """(right, asked) of each task; the first `unparsed` wrong answers of each are unparsed; `cluster` share images."""
    found = []
    for name, (right, asked) in shares.items():
        for number in range(asked):
            wrong = "unparsed" if number < right + unparsed else "wrong"
            found.append(
                Scored(
                    question=question(name, "A", id=f"{name}-{number}", cluster=f"{name}/{number // cluster}"),
                    task=find(name),
                    verdict=Verdict("correct" if number < right else wrong, "A", "test"),  # type: ignore[arg-type]
                    chance=0.25,
                    constant=number % 3 == 0,
                    text=True,
                    truncated=number % 2 == 0,
                )
            )
    return found


def numbers(scored: list[Scored], protocol: str = "v2") -> dict[tuple[str, str, str], MetricResult]:
    chosen = PROTOCOLS[protocol]
    found = results(scored, chosen.average, chosen.scorer.three_outcomes, lambda *_: None)
    return {(each.metric, each.group, each.variant): each for each in found}


def test_the_score_is_the_mean_of_the_category_means() -> None:
    found = numbers(made(SHARES))
    rate = {name: right / asked for name, (right, asked) in SHARES.items()}
    means = []
    for category in CATEGORIES:
        means.append(np.mean([rate[task.name] for task in TASKS if task.category == category]))
        assert found["accuracy", f"category={category}", "raw"].value == pytest.approx(means[-1])
    assert found["accuracy", "overall", "raw"].value == pytest.approx(np.mean(means))
    micro = sum(right for right, _ in SHARES.values()) / sum(asked for _, asked in SHARES.values())
    assert found["accuracy_micro", "overall", "raw"].value == pytest.approx(micro)
    for name, share in rate.items():
        assert found["accuracy", f"task={name}", "raw"].value == pytest.approx(share)


def test_lmms_eval_has_the_micro_average_as_its_score() -> None:
    found = numbers(made(SHARES), "lmms-eval")
    both = numbers(made(SHARES))
    assert found["accuracy", "overall", "raw"].value == both["accuracy_micro", "overall", "raw"].value
    assert found["accuracy_macro", "overall", "raw"].value == both["accuracy", "overall", "raw"].value
    assert not any(metric == "unparsed" for metric, _, _ in found), "its scorer knows no unparsed answer"


def test_chance_is_averaged_as_the_score_is() -> None:
    scored = [replace(each, chance=0.5 if each.task.name == "analogy" else 0.0) for each in made(SHARES)]
    found = numbers(scored)
    assert found["accuracy", "overall", "chance"].value == pytest.approx(0.5 / 16)
    assert found["accuracy_micro", "overall", "chance"].value == pytest.approx(50 / sum(n for _, n in SHARES.values()))
    assert found["accuracy", "overall", "chance"].low is None


def test_above_chance_is_taken_task_by_task() -> None:
    shares = {"food": (40, 100), "analogy": (80, 100)}
    scored = [replace(each, chance=0.25 if each.task.name == "food" else 0.5) for each in made(shares)]
    found = numbers(scored)
    assert found["accuracy_above_chance", "task=food", "raw"].value == pytest.approx(0.15 / 0.75)
    expected = (0.15 / 0.75 + 0.3 / 0.5) / 2
    assert found["accuracy_above_chance", "overall", "raw"].value == pytest.approx(expected)


def test_unparsed_answers_are_bounded_from_both_sides() -> None:
    found = numbers(made({"count": (40, 100)}, unparsed=10))
    assert found["accuracy", "task=count", "raw"].value == pytest.approx(0.4)
    assert found["accuracy_if_unparsed_right", "task=count", "raw"].value == pytest.approx(0.5)
    assert found["unparsed", "task=count", "raw"].value == pytest.approx(0.1)
    assert found["unparsed", "task=count", "raw"].direction == "lower"


def test_questions_that_share_images_widen_the_interval() -> None:
    alone, shared = numbers(made({"count": (75, 150)})), numbers(made({"count": (75, 150)}, cluster=5))
    one, other = alone["accuracy", "task=count", "raw"], shared["accuracy", "task=count", "raw"]
    assert one.value == other.value and other.high - other.low > 1.8 * (one.high - one.low)
    assert other.extra["clusters"] == 30


def test_extra_tasks_stand_for_themselves() -> None:
    groups = groups_of([find("food"), EXTRA_TASKS[0]])
    assert [group.name for group in groups] == ["overall", "category=knowledge", "task=food", "task=chest_pair"]
    assert groups[0].tasks == (find("food"),)
    assert groups_of([EXTRA_TASKS[0]])[0].name == "task=chest_pair"


def test_macro_weights_of_what_is_there() -> None:
    tasks = [find(name) for name in ("food", "sightseeing", "count")]
    assert weights_of(tasks, {}, "macro").tolist() == [0.25, 0.25, 0.5]
    assert weights_of(tasks, {"food": 1, "sightseeing": 1, "count": 8}, "micro").tolist() == [0.1, 0.1, 0.8]


def test_answers_of_two_runs_are_paired_by_number() -> None:
    stored: dict[str, dict[str, np.ndarray]] = {}

    def keep(metric: str, group: str, variant: str, arrays: dict[str, np.ndarray]) -> None:
        stored[f"{metric}/{group}/{variant}"] = arrays

    results(made({"count": (3, 9), "food": (2, 5)}), "macro", True, keep)
    arrays = stored["accuracy/overall/raw"]
    ids = [f"food-{n}" for n in range(5)] + [f"count-{n}" for n in range(9)]
    assert sorted(arrays["question"].tolist()) == sorted(map(question_number, ids))
    assert len(set(arrays["question"].tolist())) == 14 and arrays["question"].min() >= 0
    position = arrays["question"].tolist().index(question_number("food-1"))
    assert arrays["values"][position] == 1.0
