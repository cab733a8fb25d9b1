"""Every group of questions (overall, categories, tasks), every pair of models: difference, tests, power."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboards.comparison.compare import Contender, MetricComparison, compare
from leaderboards.comparison.differences import Difference
from leaderboards.reporting.mirb_tables import groups
from leaderboards.statistics.multiplicity import holm
from leaderboards.statistics.power import detectable_difference, items_needed

METRIC = "accuracy"
UPPER = "accuracy_if_unparsed_right"
POWER = 0.8


@dataclass(frozen=True)
class Pair:
    """Two models on one group of questions, the better one first.

    Attributes:
        group: as in the record. questions: that both answered. gap: their difference. adjusted: Holm over the pairs of
            models. family: Holm over the pairs of models and all tasks at once; None where the group is no task.
        only_a, only_b: questions that one of them alone got right.
        worst, best: the difference if every unparsed answer of b (of a) were right; None without that outcome.
        needed: questions of this kind after which the test tells them apart with a power of 80 %, were the difference
            what it seems; None where there is none. shown: the smallest difference that these questions show so.
    """

    group: str
    a: str
    b: str
    questions: int
    gap: Difference
    adjusted: float | None
    family: float | None
    only_a: int | None
    only_b: int | None
    worst: float | None
    best: float | None
    needed: int | None
    shown: float | None


def across(contenders: Sequence[Contender], alpha: float) -> list[MetricComparison]:
    """Accuracy of overall, every category and every task of which at least two models have a value."""
    return [each for group in groups(contenders[0].record) for each in compare(contenders, [METRIC], group, alpha)]


def pairs_of(contenders: Sequence[Contender], found: Sequence[MetricComparison], alpha: float) -> list[Pair]:
    """All pairs of all groups, in the order of the record."""
    by_name = {each.name: each for each in contenders}
    tasks = [each for each in found if each.group.startswith("task=")]
    tested = [(each.group, pair) for each in tasks for pair, gap in each.differences.items() if gap.p is not None]
    p_values = [gap.p for each in tasks for gap in each.differences.values() if gap.p is not None]
    family = dict(zip(tested, (float(p) for p in holm(p_values)), strict=True)) if tested else {}
    return [
        _pair(each, (a, b), gap, by_name, family.get((each.group, (a, b))), alpha / len(each.differences))
        for each in found
        for (a, b), gap in each.differences.items()
    ]


def _pair(
    comparison: MetricComparison,
    names: tuple[str, str],
    gap: Difference,
    by_name: dict[str, Contender],
    family: float | None,
    alpha: float,
) -> Pair:
    a, b = names
    extra = gap.estimate.extra
    only = [int(extra[key]) if key in extra else None for key in ("only_first", "only_second")]
    results = comparison.results
    questions = min(results[a].n_generated, results[b].n_generated)
    upper = [by_name[name].result(UPPER, comparison.group) for name in names]
    tops = [None if each is None else each.value for each in upper]
    values = [results[name].value for name in names]
    assert values[0] is not None
    assert values[1] is not None
    needed, shown = power_of(gap, questions, alpha)
    return Pair(
        comparison.group,
        a,
        b,
        questions,
        gap,
        comparison.adjusted[names],
        family,
        only[0],
        only[1],
        None if tops[1] is None else values[0] - tops[1],
        None if tops[0] is None else tops[0] - values[1],
        needed,
        shown,
    )


def power_of(gap: Difference, questions: int, alpha: float) -> tuple[int | None, float | None]:
    """Questions needed to tell two models apart, and the smallest difference that these questions show.

    Of a task whose questions stand alone by the exact McNemar test; elsewhere by the bootstrap's standard error, which
    shrinks with the root of the number of questions while tasks and image sets keep their mix.

    Args:
        alpha: level of the first step of Holm's correction.
    """
    from scipy.special import ndtri

    estimate = gap.estimate
    extra, value = estimate.extra, estimate.value
    if value is None:
        return None, None
    if "McNemar" in estimate.method:
        a, b = extra["only_first"] / questions, extra["only_second"] / questions
        discordant = a + b
        return items_needed(a, b, POWER, alpha), (
            detectable_difference(questions, discordant, POWER, alpha) if discordant else None
        )
    if not estimate.se:
        return None, None
    both = float(ndtri(1 - alpha / 2) + ndtri(POWER))
    shown = both * estimate.se
    return (math.ceil(questions * (shown / value) ** 2) if value else None), shown
