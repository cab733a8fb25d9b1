"""Several records of one protocol and one split, metric by metric: order, differences, ties, rank intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.errors import UserError
from leaderboards.comparison.differences import Difference, Scored, difference
from leaderboards.records.io import read_record
from leaderboards.records.locate import reader
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import StatisticsReader
from leaderboards.statistics.multiplicity import holm
from leaderboards.statistics.significance_groups import RankInterval, letters, rank_intervals, top_group


@dataclass(frozen=True)
class Contender:
    """One record among others, of a run folder or of a results library. name: unique among them."""

    name: str
    folder: Path
    record: ResultRecord

    @cached_property
    def _results(self) -> dict[tuple[str, str], MetricResult]:
        return {(each.metric, each.group): each for each in self.record.results if each.variant == "raw"}

    def result(self, metric: str, group: str) -> MetricResult | None:
        """The raw result of a metric in a group, or None."""
        return self._results.get((metric, group))

    @cached_property
    def _reader(self) -> StatisticsReader:
        return reader(self.folder, self.record)

    def scored(self, metric: str, group: str) -> Scored:
        """The result with its arrays.

        Raises:
            KeyError: no such result.
        """
        result = self._results[metric, group]
        return Scored(result, None if result.statistics is None else self._reader.arrays(result.statistics))


Remember = Callable[[Contender, Contender, str, str, Callable[[], Difference]], Difference]
"""(a, b, metric, group, how to compute it) -> the difference of a and b: a board's memory of what it knows already."""


def _forgetful(a: Contender, b: Contender, metric: str, group: str, make: Callable[[], Difference]) -> Difference:
    return make()


@dataclass(frozen=True)
class MetricComparison:
    """One metric over all contenders that have a value for it.

    Attributes:
        order: names from best to worst. differences: (better, worse) -> their difference. adjusted: the same ->
            Holm-adjusted p over the pairs of this metric, None where the pair has no test.
        letters: two contenders share a letter if no test tells them apart. ranks: what the tests leave open.
        top: the best and all that are tied with it.
    """

    metric: str
    group: str
    direction: str
    unit: str
    results: dict[str, MetricResult]
    order: tuple[str, ...]
    differences: dict[tuple[str, str], Difference]
    adjusted: dict[tuple[str, str], float | None]
    letters: dict[str, str]
    ranks: dict[str, RankInterval]
    top: tuple[str, ...]

    def goodness(self, name: str) -> float:
        """The value with its sign turned so that more is better; distance from 0 counts against "zero" metrics."""
        return goodness(self.results[name])


def goodness(result: MetricResult) -> float:
    """A value so that more is better.

    Raises:
        ValueError: undefined.
    """
    if result.value is None:
        raise ValueError(f"{result.metric} is undefined")
    return {"higher": result.value, "lower": -result.value, "zero": -abs(result.value)}[result.direction]


def load(folders: Sequence[Path]) -> list[Contender]:
    """The records of run folders, or of folders of a results library, checked to be comparable.

    Raises:
        UserError: fewer than two, no record in a folder, or records of different protocols, splits or questions.
    """
    if len(folders) < 2:
        raise UserError("A comparison needs two run folders or more.")
    records = [read_record(folder) for folder in folders]
    first = records[0]
    for record, folder in zip(records[1:], folders[1:], strict=True):
        for what, one, other in (
            ("benchmark", first.benchmark, record.benchmark),
            ("protocol", first.protocol, record.protocol),
            ("preset, metrics or sizes (protocol hash)", first.protocol_hash, record.protocol_hash),
            ("split", first.split.get("hash"), record.split.get("hash")),
            ("subset", first.split.get("subset"), record.split.get("subset")),
        ):
            if one != other:
                raise UserError(
                    f"{folder} cannot be compared with {folders[0]}: different {what}. Numbers of different protocols "
                    "or questions never share a table; run both with the same options."
                )
    return [
        Contender(name, folder, record) for name, folder, record in zip(_names(records), folders, records, strict=True)
    ]


def compare(
    contenders: Sequence[Contender],
    metrics: Iterable[str] | None = None,
    group: str = "overall",
    alpha: float = 0.05,
    remember: Remember = _forgetful,
) -> list[MetricComparison]:
    """Every metric that at least two contenders have a value for, in the order of the first record.

    Args:
        metrics: names as in the record; None takes all. alpha: family-wise error over the pairs of one metric.
        remember: answers for a pair, or computes it.

    Raises:
        UserError: a metric that no record has.
    """
    known = list(dict.fromkeys(r.metric for r in contenders[0].record.results if r.group == group))
    wanted = list(metrics) if metrics is not None else known
    for name in wanted:
        if not any(each.result(name, group) for each in contenders):
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1, cutoff=0.4)
            raise UserError(f"No record has {name!r} in {group}" + (f"; did you mean {near[0]}?" if near else "."))
    found = [_metric(contenders, name, group, alpha, remember) for name in wanted]
    return [each for each in found if each is not None]


def _metric(
    contenders: Sequence[Contender], metric: str, group: str, alpha: float, remember: Remember
) -> MetricComparison | None:
    results = {}
    for each in contenders:
        result = each.result(metric, group)
        if result is not None and result.value is not None:
            results[each.name] = result
    if len(results) < 2:
        return None
    order = sorted(results, key=lambda name: -goodness(results[name]))
    by_name = {each.name: each for each in contenders}
    scored = cache(lambda name: by_name[name].scored(metric, group))  # arrays are read only where a pair needs them
    differences = {
        (a, b): remember(by_name[a], by_name[b], metric, group, lambda a=a, b=b: difference(scored(a), scored(b)))  # type: ignore[misc]
        for a, b in combinations(order, 2)
    }
    tested = [pair for pair, each in differences.items() if each.p is not None]
    adjusted: dict[tuple[str, str], float | None] = dict.fromkeys(differences)
    p_values = np.array([differences[pair].p for pair in tested], np.float64)
    adjusted |= dict(zip(tested, (float(p) for p in holm(p_values)), strict=True))
    pairs = {pair: p is not None and p <= alpha for pair, p in adjusted.items()}
    one = next(iter(results.values()))
    return MetricComparison(
        metric=metric,
        group=group,
        direction=one.direction,
        unit=one.unit,
        results=results,
        order=tuple(order),
        differences=differences,
        adjusted=adjusted,
        letters=letters(order, pairs),
        ranks=rank_intervals(order, pairs),
        top=tuple(top_group(order, pairs)),
    )


def _names(records: Sequence[ResultRecord]) -> list[str]:
    """Model names; those that occur several times get the run seed, or a number."""
    plain = [str(record.model.get("name", "model")) for record in records]
    seeded = [
        f"{name} (seed {record.run_seed})" if plain.count(name) > 1 else name
        for name, record in zip(plain, records, strict=True)
    ]
    return [f"{name} #{k + 1}" if seeded.count(name) > 1 else name for k, name in enumerate(seeded)]


def as_json(found: Sequence[MetricComparison]) -> list[dict[str, Any]]:
    """Plain data of every comparison."""
    return [
        {
            "metric": each.metric,
            "group": each.group,
            "direction": each.direction,
            "order": list(each.order),
            "letters": each.letters,
            "ranks": {name: list(interval) for name, interval in each.ranks.items()},
            "top_group": list(each.top),
            "values": {
                name: {"value": r.value, "low": r.low, "high": r.high, "n": r.n_generated}
                for name, r in each.results.items()
            },
            "differences": [
                {
                    "a": a,
                    "b": b,
                    "difference": d.estimate.value,
                    "low": d.estimate.low,
                    "high": d.estimate.high,
                    "p": d.p,
                    "p_holm": each.adjusted[a, b],
                    "effect_size": d.estimate.extra.get("effect_size"),
                    "paired": d.paired,
                    "method": d.estimate.method,
                    "reason": d.estimate.reason or d.estimate.interval_reason,
                }
                for (a, b), d in each.differences.items()
            ],
        }
        for each in found
    ]
