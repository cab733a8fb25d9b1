"""From verdicts to the lines of a record: rates by task, category and overall, beside chance and the best constant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.question import Question
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.schema import MetricResult
from leaderboards.statistics.registry import estimate
from mirb.protocols import Average
from mirb.scorers import Verdict
from mirb.tasks import CATEGORIES, Task

Arrays = dict[str, NDArray[Any]]
Store = Callable[[str, str, str, Arrays], str | None]
"""(metric, group, variant, arrays) -> reference of the stored arrays, or None where nothing may be stored."""

ESTIMATOR = "stratified_rate"


@dataclass(frozen=True, slots=True)
class Scored:
    """A question with everything that a score needs of its answer.

    Attributes:
        chance: expected score of a guess. constant: whether the task's best constant answer is right.
        text: the answer is text, so that it can be cut off. truncated: it was.
    """

    question: Question
    task: Task
    verdict: Verdict
    chance: float
    constant: bool
    text: bool
    truncated: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that one number is about.

    Attributes:
        name: "overall", "category=knowledge" or "task=food". family: of the record. tasks: what is averaged over.
    """

    name: str
    family: str
    tasks: tuple[Task, ...]


def groups_of(tasks: Sequence[Task]) -> list[Group]:
    """Overall, the categories, and the tasks that have questions; tasks outside the score stand for themselves."""
    scored = tuple(task for task in tasks if task.category != "extra")
    found = [Group("overall", "overall", scored)] if scored else []
    for category in CATEGORIES:
        members = tuple(task for task in scored if task.category == category)
        if members:
            found.append(Group(f"category={category}", category, members))
    return found + [Group(f"task={task.name}", task.category, (task,)) for task in tasks]


def weights_of(tasks: Sequence[Task], counts: Mapping[str, int], average: Average) -> NDArray[np.float64]:
    """Weight of each task: macro gives every category the same, shared evenly by its tasks; micro counts questions."""
    if average == "micro":
        sizes = np.array([counts[task.name] for task in tasks], np.float64)
        return sizes / sizes.sum()
    categories = [task.category for task in tasks]
    share = [1.0 / (len(set(categories)) * categories.count(category)) for category in categories]
    return np.array(share, np.float64)


def results(scored: Sequence[Scored], average: Average, three_outcomes: bool, store: Store) -> list[MetricResult]:
    """Every number of a record.

    accuracy                    share right; overall it is averaged as the protocol says
    accuracy_micro / _macro     the other average of all questions
    accuracy_above_chance       0 for guessing, 1 for all right, task by task, then averaged the same way
    accuracy_if_unparsed_right  the upper bound: every unparsed answer counted right (accuracy is the lower bound)
    unparsed, truncated         shares of answers that could not be read, that hit the token cap
    """
    lines = _Lines(scored, store)
    found: list[MetricResult] = []
    for group in groups_of(list(dict.fromkeys(each.task for each in scored))):
        found += lines.accuracy(group, average, "accuracy")
        found.append(lines.above_chance(group, average))
        if three_outcomes:
            found.append(lines.upper_bound(group, average))
            found.append(lines.unparsed(group, average))
        if truncated := lines.truncated(group, average):
            found.append(truncated)
        if group.name == "overall":
            other: Average = "micro" if average == "macro" else "macro"
            found += lines.accuracy(group, other, f"accuracy_{other}")
    return sorted(found, key=lambda result: result.metric != "accuracy")


class _Lines:
    def __init__(self, scored: Sequence[Scored], store: Store) -> None:
        self._by_task: dict[str, list[Scored]] = {}
        for each in scored:
            self._by_task.setdefault(each.task.name, []).append(each)
        self._store = store
        names = sorted({cluster_of(each.question) for each in scored})
        self._cluster = {name: index for index, name in enumerate(names)}

    def accuracy(self, group: Group, average: Average, metric: str) -> Iterator[MetricResult]:
        yield self._line(group, average, metric, "raw", lambda each: float(each.verdict.correct))
        yield self._line(group, average, metric, "chance", lambda each: each.chance)
        yield self._line(group, average, metric, "constant", lambda each: float(each.constant))

    def above_chance(self, group: Group, average: Average) -> MetricResult:
        return self._line(
            group, average, "accuracy_above_chance", "raw", lambda each: float(each.verdict.correct), chance=True
        )

    def upper_bound(self, group: Group, average: Average) -> MetricResult:
        return self._line(
            group, average, "accuracy_if_unparsed_right", "raw", lambda each: float(each.verdict.outcome != "wrong")
        )

    def unparsed(self, group: Group, average: Average) -> MetricResult:
        return self._line(
            group, average, "unparsed", "raw", lambda each: float(each.verdict.outcome == "unparsed"), "lower"
        )

    def truncated(self, group: Group, average: Average) -> MetricResult | None:
        if not all(each.text for task in group.tasks for each in self._by_task[task.name]):
            return None
        return self._line(group, average, "truncated", "raw", lambda each: float(each.truncated), "lower")

    def _line(
        self,
        group: Group,
        average: Average,
        metric: str,
        variant: str,
        value: Callable[[Scored], float],
        direction: str = "higher",
        chance: bool = False,
    ) -> MetricResult:
        members = [each for task in group.tasks for each in self._by_task[task.name]]
        order = {task.name: index for index, task in enumerate(group.tasks)}
        counts = {task.name: len(self._by_task[task.name]) for task in group.tasks}
        arrays: Arrays = {
            "values": np.array([value(each) for each in members], np.float64),
            "stratum": np.array([order[each.task.name] for each in members], np.int64),
            "cluster": np.array([self._cluster[cluster_of(each.question)] for each in members], np.int64),
            "weights": weights_of(group.tasks, counts, average),
            "question": np.array([question_number(each.question.id) for each in members], np.int64),
        }
        if chance:
            arrays["chance"] = np.array([each.chance for each in members], np.float64)
        parameters: dict[str, Any] = {"average": average} if len(group.tasks) > 1 else {}
        if variant != "raw":
            parameters["exact"] = True
        return metric_result(
            estimate(ESTIMATOR, arrays, parameters),
            metric=metric,
            family=group.family,
            group=group.name,
            variant=variant,
            direction=direction,
            estimator=ESTIMATOR,
            n_generated=len(members),
            n_reference=0,
            statistics=self._store(metric, group.name, variant, arrays),
            parameters=parameters,
        )


def cluster_of(question: Question) -> str:
    """The cluster of a question: itself where it shares no image."""
    return question.cluster or f"alone/{question.id}"


def question_number(name: str) -> int:
    """A question's id as a 63-bit number, by which the answers of two runs are paired without its text."""
    return int.from_bytes(hashlib.sha256(f"mirb/question/{name}".encode()).digest()[:8], "big") >> 1
