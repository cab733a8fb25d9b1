"""Published tables as people read them (warnings as numbered notes) and as a list of numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from leaderboards.reference.schema import TAGS, PublishedRow, PublishedTable
from leaderboards.reporting.tables import Table

ARROWS = {"lower": " ↓", "higher": " ↑"}


def reading_table(table: PublishedTable) -> Table:
    """The rows as printed, with `[n]` behind every number and row that note n is about.

    Beside a column that is printed as an average stands the mean of the cells it averages. Warnings about the whole
    table, the meaning of the tags and the source are notes too.
    """
    mark = {flag: f"[{place}]" for place, flag in enumerate((f for f in table.flags if f not in table.warnings), 1)}
    columns, numeric = ["model"], set()
    for name in table.columns:
        columns.append(name + ARROWS.get(table.directions.get(name, ""), ""))
        numeric.add(columns[-1])
        if name in table.mean_of:
            columns.append(f"{name}, mean of cells")
            numeric.add(columns[-1])
    own_source = any(row.source != table.source for row in table.rows)
    rows = [
        (
            _marked(row.model, row.flags, mark),
            *_cells(table, row, mark),
            row.tag,
            *((row.source,) if own_source else ()),
        )
        for row in table.rows
    ]
    tags = dict.fromkeys(row.tag for row in table.rows)
    notes = (
        *(f"{mark[flag]} {text}" for flag, text in table.flags.items() if flag in mark),
        *(f"All rows: {table.flags[flag]}" for flag in table.warnings),
        *(f"Tag {tag}: {TAGS[tag]}." for tag in tags),
        f"Protocol: {table.protocol}.",
        f"Source: {table.source}.",
    )
    unit = f", in {table.unit}" if table.unit else ""
    heads = (*columns, "tag", *(("printed in",) if own_source else ()))
    return Table(heads, tuple(rows), frozenset(numeric), f"{table.title}{unit} (as published)", notes)


def flat_table(tables: Iterable[PublishedTable]) -> Table:
    """Every printed number of the tables, one a row, with all that is known about it; for CSV."""
    rows = tuple(
        (
            table.benchmark, table.id, row.model, name, row.printed[name], row.values[name],
            table.directions.get(name), table.unit, row.tag,
            " ".join(dict.fromkeys((*table.warnings, *row.flags, *row.cell_flags.get(name, ())))),
            row.source, table.protocol,
        )
        for table in tables
        for row in table.rows
        for name in table.columns
        if name in row.printed
    )  # fmt: skip
    columns = (
        "benchmark", "table", "model", "column", "printed", "value", "direction", "unit", "tag", "flags", "source",
        "protocol",
    )  # fmt: skip
    return Table(columns, rows)


def index_table(tables: Iterable[PublishedTable]) -> Table:
    """One row a table: what there is to ask for."""
    rows = tuple((each.id, each.benchmark, each.title, len(each.rows), len(each.flags)) for each in tables)
    return Table(("table", "benchmark", "what", "rows", "warnings"), rows, frozenset(("rows", "warnings")))


def _cells(table: PublishedTable, row: PublishedRow, mark: dict[str, str]) -> list[str | None]:
    found: list[str | None] = []
    for name in table.columns:
        text = row.printed.get(name)
        found.append(None if text is None else _marked(text, row.cell_flags.get(name, ()), mark))
        if name in table.mean_of:
            mean = table.recomputed(row, name)
            places = len((text or "").partition(".")[2])
            found.append(None if mean is None else f"{mean:.{places + 1}f}")
    return found


def _marked(text: str, flags: Collection[str], mark: dict[str, str]) -> str:
    marks = "".join(each for flag, each in mark.items() if flag in flags)
    return f"{text} {marks}" if marks else text
