"""Does a method record follow from what it rests on? Every number again, every benchmark record, every certificate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from leaderboards.records.method_record import Arm, MethodRecord, Score
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.verify import verify
from leaderboards.statistics.mean_over_units import mean_over_units

RELATIVE, ABSOLUTE = 1e-9, 1e-12

Lookup = Callable[[str], ResultRecord | None]
"""Hash of a benchmark record -> the record, or None where it is not at hand."""


def benchmark_score(
    task: str,
    records: Sequence[tuple[str, ResultRecord]],
    metric: str,
    group: str = "overall",
    variant: Literal["raw", "matched"] = "raw",
    *,
    certificate: Certificate | None = None,
    test_set: Certificate | None = None,
) -> Score:
    """The score of benchmark records: (hash, record), one a seed.

    Raises:
        ValueError: a record has no such result.
    """
    found = [_result(record, metric, group, variant) for _, record in records]
    first = found[0]
    if any(each.value is None for each in found):
        reason = next(each.reason for each in found if each.value is None)
        return Score(task=task, metric=metric, direction=first.direction, unit=first.unit, reason=reason)
    value, low, high, n = _numbers(found)
    return Score(
        task=task, metric=metric, direction=first.direction, unit=first.unit, value=value, low=low, high=high, n=n,
        records=[digest for digest, _ in records], group=group, variant=variant, certificate=certificate,
        test_set=test_set,
    )  # fmt: skip


def check(record: MethodRecord, lookup: Lookup) -> list[str]:
    """Everything that does not follow, a line each; empty if all does."""
    found = [line for arm in record.arms for score in arm.scores for line in _score(arm, score, lookup)]
    credentialed = any(each.credentialed for each in record.data)
    used = {digest for arm in record.arms for score in arm.scores for digest in score.records}
    for digest in sorted(used):
        held = lookup(digest)
        if held is not None and held.split.get("credentialed") is not False and not credentialed:
            found.append(f"record {digest[:16]} is of a credentialed split, which the study's data do not say")
    return found


def _score(arm: Arm, score: Score, lookup: Lookup) -> Iterator[str]:
    where = f"{arm.name}, {score.task}, {score.metric}"
    for name, certificate in (("certificate", score.certificate), ("test_set", score.test_set)):
        if certificate is not None:
            yield from (f"{where}: {name}: {each}" for each in verify(certificate))
    if score.values:
        again = mean_over_units(score.values, str(score.per), indicator=score.indicator)
        expected = (again.value, again.low, again.high, len(score.values))
    elif score.records:
        held = [lookup(digest) for digest in score.records]
        absent = [digest[:16] for digest, each in zip(score.records, held, strict=True) if each is None]
        if absent:
            yield f"{where}: no benchmark record {', '.join(absent)} in the results"
            return
        try:
            results = [_result(each, score.metric, score.group, score.variant) for each in held if each is not None]
        except ValueError as error:
            yield f"{where}: {error}"
            return
        if any(each.value is None for each in results):
            yield f"{where}: a benchmark record has no value"
            return
        expected = _numbers(results)
        if (results[0].direction, results[0].unit) != (score.direction, score.unit):
            yield f"{where}: direction or unit is not that of the benchmark record"
    else:
        return
    for name, recorded, recomputed in zip(
        ("value", "low", "high", "n"), (score.value, score.low, score.high, score.n), expected, strict=True
    ):
        if not _same(recorded, recomputed):
            yield f"{where}: {name} recorded {recorded!r}, recomputed {recomputed!r}"


def _result(record: ResultRecord, metric: str, group: str, variant: str) -> MetricResult:
    for each in record.results:
        if (each.metric, each.group, each.variant) == (metric, group, variant):
            return each
    raise ValueError(f"the benchmark record has no {metric} of group {group}")


def _numbers(found: Sequence[MetricResult]) -> tuple[float, float | None, float | None, int]:
    """Of one record its own value and interval; of several their mean, with the interval over them."""
    n = found[0].n_reference or found[0].n_generated
    if len(found) == 1:
        return float(found[0].value or 0.0), found[0].low, found[0].high, n
    again = mean_over_units([float(each.value or 0.0) for each in found], "seed")
    return float(again.value or 0.0), again.low, again.high, n


def _same(recorded: float | None, again: float | None) -> bool:
    if recorded is None or again is None:
        return recorded is again
    return math.isclose(recorded, again, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
