"""Lines of an ablation record: rates, paired differences and position bias, for each task and over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from data_splits.question import Question
from leaderboards.records.from_estimate import metric_result
from leaderboards.records.schema import MetricResult
from leaderboards.statistics.registry import estimate
from mirb.protocols import Average
from mirb.scores import Arrays, Group, Store, cluster_of, groups_of, question_number, weights_of
from mirb.tasks import find


class Rate(NamedTuple):
    """A value of a question in [0, 1]."""

    question: Question
    value: float


class Both(NamedTuple):
    """Two values of a question in [0, 1]."""

    question: Question
    first: float
    second: float


class Choice(NamedTuple):
    """How often each option of a question was chosen over all orders."""

    question: Question
    counts: tuple[int, ...]


class Lines:
    """Makes results and stores their arrays.

    Args:
        average: how tasks are averaged. store: see `mirb.scores`.
    """

    def __init__(self, average: Average, store: Store) -> None:
        self._average: Average = average
        self._store = store
        self._cluster: dict[str, int] = {}

    def rate(
        self, metric: str, items: Sequence[Rate], direction: str, variant: str = "raw", exact: bool = False
    ) -> Iterator[MetricResult]:
        """Share of ones (with `exact` the mean of expectations), by question."""
        for group, members in _grouped(items):
            arrays = self._shared(group, [each.question for each in members])
            arrays["values"] = np.array([each.value for each in members], np.float64)
            yield self._line(
                "stratified_rate", metric, group, variant, arrays, direction, {"exact": True} if exact else {}
            )

    def paired(self, metric: str, items: Sequence[Both], direction: str) -> Iterator[MetricResult]:
        """First less second."""
        for group, members in _grouped(items):
            arrays = self._shared(group, [each.question for each in members])
            arrays["first"] = np.array([each.first for each in members], np.float64)
            arrays["second"] = np.array([each.second for each in members], np.float64)
            yield self._line("paired_rate", metric, group, "raw", arrays, direction, {"seed": 0})

    def positions(self, metric: str, items: Sequence[Choice]) -> Iterator[MetricResult]:
        """Position bias of each task; tasks differ in their options, so there is none over all."""
        for group, members in _grouped(items):
            if group.name.startswith("task="):
                width = max(len(each.counts) for each in members)
                rows = [(*each.counts, *(0 for _ in range(width - len(each.counts)))) for each in members]
                arrays: Arrays = {
                    "counts": np.array(rows, np.float64),
                    "options": np.array([len(each.counts) for each in members], np.int64),
                }
                yield self._line("position_bias", metric, group, "raw", arrays, "lower", {"seed": 0})

    def _shared(self, group: Group, questions: Sequence[Question]) -> Arrays:
        order = {task.name: index for index, task in enumerate(group.tasks)}
        counts = Counter(each.task for each in questions)
        clusters = [self._cluster.setdefault(cluster_of(each), len(self._cluster)) for each in questions]
        return {
            "stratum": np.array([order[each.task] for each in questions], np.int64),
            "cluster": np.array(clusters, np.int64),
            "weights": weights_of(group.tasks, counts, self._average),
            "question": np.array([question_number(each.id) for each in questions], np.int64),
        }

    def _line(
        self,
        estimator: str,
        metric: str,
        group: Group,
        variant: str,
        arrays: Arrays,
        direction: str,
        parameters: dict[str, Any],
    ) -> MetricResult:
        if len(group.tasks) > 1:
            parameters = parameters | {"average": self._average}
        questions = arrays["question"] if "question" in arrays else arrays["options"]
        return metric_result(
            estimate(estimator, arrays, parameters),
            metric=metric,
            family=group.family,
            group=group.name,
            variant=variant,
            direction=direction,
            estimator=estimator,
            n_generated=len(questions),
            n_reference=0,
            statistics=self._store(metric, group.name, variant, arrays),
            parameters=parameters,
        )


def _grouped(items: Sequence[Any]) -> Iterator[tuple[Group, list[Any]]]:
    """Over all tasks where there are several, then each task."""
    present = {each.question.task for each in items}
    order = {each.question.task: None for each in items}
    tasks = [find(name) for name in order]
    groups = [each for each in groups_of(tasks) if not each.name.startswith("category=")]
    for group in groups:
        names = {task.name for task in group.tasks}
        if group.name == "overall" and len(names) < 2 and len(present) < 2:
            continue
        yield group, [each for each in items if each.question.task in names]
