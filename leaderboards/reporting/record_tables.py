"""A record's results as tables that leave the page."""

from __future__ import annotations

from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.reporting.mirb_tables import mirb_table
from leaderboards.reporting.numbers import ARROWS, interval_centre, interval_text, value_text
from leaderboards.reporting.tables import Table

FLAT = (
    "metric", "family", "group", "variant", "value", "low", "high", "se", "level", "direction", "unit", "n_generated",
    "n_reference", "n_patients", "estimator", "method", "reason", "interval_reason",
)  # fmt: skip


def flat_table(record: ResultRecord) -> Table:
    """Every result with every number at full precision, one a row, the record's identity in front; for CSV."""
    head = (record.model.get("name"), record.split.get("name"), record.split.get("subset"), record.protocol)
    front = tuple(None if value is None else str(value) for value in head)
    extra = sorted({name for result in record.results for name in result.extra})
    rows = tuple(
        front + tuple(getattr(result, name) for name in FLAT) + tuple(result.extra.get(name) for name in extra)
        for result in record.results
    )
    columns = ("model", "split", "subset", "protocol", *FLAT, *(f"extra.{name}" for name in extra))
    return Table(columns, rows)


def reading_table(record: ResultRecord, group: str = "overall") -> Table:
    """The results of one group, or of "all", as people read them: value, interval, floor, n, reason.

    A MIRB record is one table of all its groups, with chance beside every value, unless one group is asked for; a
    record of its ablations, which has no accuracy of its own, is a table of metrics.
    """
    if record.benchmark == "mirb" and any(result.metric == "accuracy" for result in record.results):
        return mirb_table(record, None if group in ("all", "overall") else group)
    floors = {(r.metric, r.group): r for r in record.results if r.variant == "floor"}
    rows = []
    for result in record.results:
        if result.variant in ("floor", "chance", "constant") or group not in ("all", result.group):
            continue
        # The floor was measured at the raw n; beside a value at equal n it would mislead.
        floor = floors.get((result.metric, result.group)) if result.variant == "raw" else None
        rows.append(
            (
                f"{result.metric} {ARROWS[result.direction]}",
                result.group if result.variant == "raw" else f"{result.group}, {result.variant} n",
                _value(result),
                interval_text(result.value, result.low, result.high),
                _value(floor) if floor is not None else "",
                result.n_generated,
                result.n_reference,
                _remark(result),
            )
        )
    level = f"{100 * record.results[0].level:.0f} % interval" if record.results else "interval"
    columns = ("metric", "group", "value", level, "real (floor)", "n generated", "n real", "remark")
    numeric = frozenset(("value", level, "real (floor)", "n generated", "n real"))
    name = record.model.get("name", "model")
    caption = f"{name} on {record.split.get('name')} {record.split.get('subset', '')}, protocol {record.protocol}"
    return Table(columns, tuple(rows), numeric, caption)


def _remark(result: MetricResult) -> str:
    if result.reason or result.low is None:
        return result.reason or result.interval_reason or ""
    centre = interval_centre(result.method, result.extra)
    return "" if centre is None else f"interval of the bias-corrected {value_text(centre, result.low, result.high)}"


def _value(result: MetricResult) -> str:
    return value_text(result.value, result.low, result.high, result.se)
