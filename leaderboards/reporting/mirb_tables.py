"""A MIRB record as people read it: one row for overall, each category and each task, in percent."""

from __future__ import annotations

from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.reporting.tables import Cell, Table

COLUMNS = (
    "group",
    "accuracy",
    "95 % interval",
    "chance",
    "best constant",
    "above chance",
    "unparsed",
    "questions",
)


def reading_rows(record: ResultRecord, only: str | None = None) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Columns and rows; a column that no row fills is left out."""
    found = {(each.metric, each.group, each.variant): each for each in record.results}
    rows: list[tuple[Cell, ...]] = []
    for group in [only] if only is not None else groups(record):
        accuracy = found["accuracy", group, "raw"]
        rows.append(
            (
                label(group, accuracy),
                percent(accuracy.value),
                interval(accuracy),
                percent(_value(found.get(("accuracy", group, "chance")))),
                percent(_value(found.get(("accuracy", group, "constant")))),
                signed(_value(found.get(("accuracy_above_chance", group, "raw")))),
                percent(_value(found.get(("unparsed", group, "raw")))),
                accuracy.n_generated,
            )
        )
    kept = [index for index in range(len(COLUMNS)) if index < 2 or any(row[index] not in ("", None) for row in rows)]
    return tuple(COLUMNS[index] for index in kept), [tuple(row[index] for index in kept) for row in rows]


def mirb_table(record: ResultRecord, group: str | None = None) -> Table:
    """The same as a table that leaves the page; only one group of it where one is named."""
    columns, rows = reading_rows(record, group)
    name = record.model.get("name", "model")
    caption = f"{name} on {record.split.get('name')}, MIRB protocol {record.protocol}, in percent"
    return Table(columns, tuple(rows), frozenset(columns[1:]), caption)


def groups(record: ResultRecord) -> list[str]:
    """Overall first, then every category with its tasks below it, then tasks outside the score."""
    raw = [each for each in record.results if each.metric == "accuracy" and each.variant == "raw"]
    names = [each.group for each in raw]
    order = [name for name in names if name == "overall"]
    for category in [name for name in names if name.startswith("category=")]:
        family = category.partition("=")[2]
        order += [category, *(each.group for each in raw if each.family == family and each.group.startswith("task="))]
    return order + [name for name in names if name not in order]


def label(group: str, result: MetricResult) -> str:
    """ "overall (macro)", "Knowledge", "  food"."""
    kind, _, name = group.partition("=")
    if kind == "task":
        return f"  {name}"
    if kind == "category":
        return "-".join(part.capitalize() for part in name.split("-"))
    average = result.parameters.get("average", "")
    return f"Overall ({average})" if average else "Overall"


def percent(value: float | None) -> str:
    """A share in percent with one decimal; "" where there is none."""
    return "" if value is None else f"{100 * value:.1f}"


def signed(value: float | None) -> str:
    """A share in percent with its sign: 0 is guessing."""
    return "" if value is None else f"{100 * value:+.1f}".replace("-", "−")


def interval(result: MetricResult) -> str:
    """ "41.2 to 58.9", or "" where there is none."""
    if result.low is None or result.high is None:
        return ""
    return f"{100 * result.low:.1f} to {100 * result.high:.1f}".replace("-", "−")


def _value(result: MetricResult | None) -> float | None:
    return None if result is None else result.value
