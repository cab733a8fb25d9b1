"""Who is better than whom: the rows that `compare` yields for every cohort, and orders over several metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leaderboards.boards.cohort import Cohort
from leaderboards.boards.memory import Memory
from leaderboards.comparison.compare import MetricComparison, compare
from leaderboards.comparison.overall import Overall, overall

Row = dict[str, Any]

SCOPES = {
    "chexgenbench": {
        "all": frozenset(("fidelity", "alignment", "privacy", "memorisation", "utility")),
        "fidelity": frozenset(("fidelity",)),
        "privacy": frozenset(("privacy", "memorisation")),
        "utility": frozenset(("utility", "alignment")),
    },
    "mirb": {
        "all": frozenset(("knowledge", "reasoning", "perception", "multi-hop", "extra")),
    },
}
"""Scope of an order -> the families whose metrics (of MIRB: whose tasks) enter it."""


@dataclass(frozen=True)
class Compared:
    """A cohort with every comparison of it. families: metric (of MIRB: group) -> family."""

    cohort: Cohort
    found: tuple[MetricComparison, ...]
    orders: dict[str, Overall]


def compared(cohort: Cohort, memory: Memory) -> Compared:
    """Run `compare` over a cohort: all metrics overall; of MIRB also the accuracy of each category and task."""
    contenders = cohort.contenders()
    groups: dict[str, list[str]] = {}
    families: dict[tuple[str, str], str] = {}
    for member in cohort.members:
        for result in member.record.results:
            deeper = cohort.key.benchmark == "mirb" and result.metric == "accuracy"
            if result.variant == "raw" and (result.group == "overall" or deeper):
                families[result.metric, result.group] = result.family
                names = groups.setdefault(result.group, [])
                names += [result.metric] if result.metric not in names else []
    found = [each for group, names in groups.items() for each in compare(contenders, names, group, remember=memory)]
    orders = {}
    for scope, wanted in SCOPES[cohort.key.benchmark].items():
        entering = [each for each in found if families[each.metric, each.group] in wanted]
        if cohort.key.benchmark == "mirb":
            entering = [replace(each, metric=each.group) for each in entering if each.group.startswith("task=")]
        order = overall(entering)
        if order is not None and len(order.metrics) > 1:
            orders[scope] = order
    return Compared(cohort, tuple(found), orders)


def standing_rows(everything: Sequence[Compared]) -> Iterator[Row]:
    """One row a cohort, metric, group and record: place, tie letters, ranks that the tests leave open.

    `tested` is the share of pairs that a test exists for: without any, equal letters say nothing.
    """
    for each in everything:
        for comparison in each.found:
            tested = sum(p is not None for p in comparison.adjusted.values())
            for place, record in enumerate(comparison.order):
                best, worst = comparison.ranks[record]
                yield {
                    "cohort": each.cohort.id,
                    "metric": comparison.metric,
                    "group": comparison.group,
                    "record": record,
                    "value": comparison.results[record].value,
                    "place": place + 1,
                    "letters": comparison.letters[record],
                    "best": best,
                    "worst": worst,
                    "top": record in comparison.top,
                    "contenders": len(comparison.order),
                    "tested": tested / len(comparison.adjusted),
                }


def pair_rows(everything: Sequence[Compared]) -> Iterator[Row]:
    """One row a cohort, metric, group and pair: better less worse, tests, effect size, n."""
    for each in everything:
        for comparison in each.found:
            for (a, b), gap in comparison.differences.items():
                estimate, results = gap.estimate, comparison.results
                yield {
                    "cohort": each.cohort.id,
                    "metric": comparison.metric,
                    "group": comparison.group,
                    "direction": comparison.direction,
                    "unit": comparison.unit,
                    "a": a,
                    "b": b,
                    "difference": estimate.value,
                    "low": estimate.low,
                    "high": estimate.high,
                    "se": estimate.se,
                    "p": gap.p,
                    "p_holm": comparison.adjusted[a, b],
                    "effect_size": estimate.extra.get("effect_size"),
                    "paired": gap.paired,
                    "n_a": results[a].n_generated,
                    "n_b": results[b].n_generated,
                    "method": estimate.method,
                    "reason": estimate.reason or estimate.interval_reason or "",
                }


def rank_rows(everything: Sequence[Compared]) -> Iterator[Row]:
    """One row a cohort, scope and record: mean rank, Borda, Bradley-Terry, and how far the order is to be believed."""
    for each in everything:
        for scope, order in each.orders.items():
            for index, record in enumerate(order.names):
                yield {
                    "cohort": each.cohort.id,
                    "scope": scope,
                    "record": record,
                    "place": index + 1,
                    "mean_rank": order.mean_rank[index],
                    "borda": order.borda[index],
                    "strength": order.strength[index],
                    "low": int(order.stability.low[index]),
                    "high": int(order.stability.high[index]),
                    "p_first": float(order.stability.probability[index, 0]),
                    "kendall_tau": order.stability.kendall_tau,
                    "on_front": order.pareto[index],
                    "metrics": list(order.metrics),
                }


def left_out_rows(everything: Sequence[Compared]) -> Iterator[Row]:
    """One row a cohort, scope and metric: the order without it, and whether that is another order."""
    for each in everything:
        for scope, order in each.orders.items():
            for metric, without in order.without.items():
                yield {
                    "cohort": each.cohort.id,
                    "scope": scope,
                    "metric": metric,
                    "order": list(without),
                    "moved": without != order.names,
                }
