"""Quality against privacy against cost: which models no other one beats on every axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from leaderboards.boards.cohort import Cohort, Member
from leaderboards.boards.words import split_name
from leaderboards.comparison.compare import goodness
from leaderboards.records.schema import MetricResult
from leaderboards.statistics.pareto import pareto_front

COST = "parameters"
"""The axis of cost: number of weights on the model's card. A record holds no seconds: those vary from run to run."""

AXES: dict[str, dict[str, tuple[str, ...]]] = {
    "chexgenbench": {
        "quality": ("kid", "fid64", "fid", "mmd_rbf", "coverage"),
        "privacy": ("copy_rate", "mia_auroc", "reid", "nn_ratio", "extraction"),
        "utility": ("utility_auroc", "label_consistency", "prompt_choice"),
    },
    "mirb": {"quality": ("accuracy",), "reliability": ("unparsed",)},
}  # fmt: skip
"""What an axis is measured by: the first of these metrics that the cohort has."""

PLOTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "chexgenbench": (("quality", "privacy"), ("utility", "privacy"), ("quality", "utility")),
    "mirb": (("quality", "reliability"),),
}
"""Axes of the plots; each comes with and without cost."""


class Value(NamedTuple):
    """A record on an axis. good: turned so that more is better."""

    value: float
    low: float | None
    high: float | None
    good: float


def front_rows(cohorts: Sequence[Cohort]) -> Iterator[dict[str, Any]]:
    """One row a cohort, plot and record: its place on the axes, and whether it is on the front."""
    for cohort in cohorts:
        for names in PLOTS[cohort.key.benchmark]:
            metrics = [_metric(cohort, AXES[cohort.key.benchmark][name]) for name in names]
            if None in metrics:
                continue
            yield from _plot(cohort, names, [each for each in metrics if each is not None])


def _plot(cohort: Cohort, names: tuple[str, ...], metrics: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    points = {}
    for member in cohort.members:
        values = [_value(member, metric) for metric, _ in metrics]
        if None not in values:
            points[member.id] = [each for each in values if each is not None]
    if len(points) < 2:
        return
    costs = {each.id: each.record.model.get(COST) for each in cohort.members}
    known = {name: float(cost) for name, cost in costs.items() if isinstance(cost, int) and name in points}
    flat = _front({name: [each.good for each in values] for name, values in points.items()})
    deep = _front({name: [*(each.good for each in points[name]), -cost] for name, cost in known.items()})
    for record, (x, y) in points.items():
        yield {
            "cohort": cohort.id,
            "plot": " and ".join(names),
            "x": metrics[0][0],
            "y": metrics[1][0],
            "x_direction": metrics[0][1],
            "y_direction": metrics[1][1],
            "record": record,
            "x_value": x.value,
            "x_low": x.low,
            "x_high": x.high,
            "y_value": y.value,
            "y_low": y.low,
            "y_high": y.high,
            "cost": known.get(record),
            "on_front": flat[record],
            "on_front_with_cost": deep.get(record),
        }


def _metric(cohort: Cohort, bases: tuple[str, ...]) -> tuple[str, str] | None:
    """Metric and direction of the first of some bases that most records have a value for."""
    found: dict[str, dict[str, int]] = {}
    directions = {}
    for member in cohort.members:
        for result in _overall(member):
            if result.value is not None:
                base = split_name(result.metric)[0]
                found.setdefault(base, {}).setdefault(result.metric, 0)
                found[base][result.metric] += 1
                directions[result.metric] = result.direction
    for base in bases:
        counts = found.get(base)
        if counts and max(counts.values()) > 1:
            name = max(counts, key=lambda metric: counts[metric])  # the first as they stand in the record, on a tie
            return name, directions[name]
    return None


def _overall(member: Member) -> list[MetricResult]:
    return [each for each in member.record.results if each.variant == "raw" and each.group == "overall"]


def _value(member: Member, metric: str) -> Value | None:
    result = next((each for each in _overall(member) if each.metric == metric), None)
    if result is None or result.value is None:
        return None
    return Value(result.value, result.low, result.high, goodness(result))


def _front(scores: dict[str, list[float]]) -> dict[str, bool]:
    if not scores:
        return {}
    return dict(zip(scores, (bool(on) for on in pareto_front(np.array(list(scores.values())))), strict=True))
