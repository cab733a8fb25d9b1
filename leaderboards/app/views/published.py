"""Numbers typed from papers and repositories, each with its source and warnings; never beside our own."""

from __future__ import annotations

from typing import Any

from leaderboards.app.grid import Box, Grid, Head, Line, listed
from leaderboards.app.html import render
from leaderboards.app.state import State
from leaderboards.boards.board import Board
from leaderboards.reporting.numbers import ARROWS

Row = dict[str, Any]

BENCHMARKS = ("chexgenbench", "mirb")


def choices(board: Board, benchmarks: tuple[str, ...] = BENCHMARKS) -> list[tuple[str, str]]:
    """(title, id) of the tables of some benchmarks."""
    found = {row["table"]: row["title"] for row in board.published if row["benchmark"] in benchmarks}
    return [(title, name) for name, title in found.items()]


def published_grid(board: Board, state: State, benchmarks: tuple[str, ...]) -> Grid | None:
    """One published table: models by printed columns, with flags, evidence and source."""
    rows = chosen(board, state, benchmarks)
    if not rows:
        return None
    columns = list(dict.fromkeys(row["column"] for row in rows))
    directions = {row["column"]: row["direction"] for row in rows}
    means = {row["column"] for row in rows if row["mean_of_cells"] is not None}
    heads = [Head("Model", "model")]
    for column in columns:
        heads.append(Head(column, f"c={column}", ARROWS.get(directions[column], ""), True))
        if column in means:
            heads.append(Head("mean of its cells", sub="recomputed", numeric=True))
    heads += [Head("Flags"), Head("Evidence"), Head("Printed in")]
    lines: dict[int, dict[str, Row]] = {}
    for row in rows:
        lines.setdefault(row["row"], {})[row["column"]] = row
    words = state.q.casefold().split()
    kept = [
        cells
        for cells in lines.values()
        if all(word in next(iter(cells.values()))["model"].casefold() for word in words)
    ]

    def line(cells: dict[str, Row]) -> Line:
        one = next(iter(cells.values()))
        made = [Box(one["model"], tier=one["tier"])]
        for column in columns:
            made.append(_printed(cells.get(column)))
            if column in means:
                made.append(_mean(cells.get(column)))
        flags = list(dict.fromkeys(flag for cell in cells.values() for flag in cell["own_flags"]))
        return (
            *made,
            Box("", tags=tuple(flags), file=", ".join(flags)),
            Box(one["tag"], tip=one["tag_meaning"], sub=one["tag_meaning"]),
            Box(one["source"]),
        )

    def value(column: str) -> Any:
        return lambda cells: cells[column]["value"] if column in cells else None

    keys = {"model": lambda cells: next(iter(cells.values()))["model"].casefold()}
    keys |= {f"c={column}": value(column) for column in columns}
    first = rows[0]
    unit = f", in {first['unit']}" if first["unit"] else ""
    return listed("published", heads, kept, line, keys, state, f"Published: {first['title']}{unit}")


def published_view(board: Board, state: State, benchmarks: tuple[str, ...], title: str, lead: str) -> str:
    """The warnings of the table above it."""
    rows = chosen(board, state, benchmarks)
    if not rows:
        return render("empty.html.j2", state, title=title)
    flags = {flag: text for row in rows for flag, text in zip(row["flags"], row["warnings"], strict=True)}
    own = {flag for row in rows for flag in row["own_flags"]}
    return render(
        "published.html.j2",
        state,
        title=title,
        lead=lead,
        first=rows[0],
        grid=published_grid(board, state, benchmarks),
        whole=[(flag, text) for flag, text in flags.items() if flag not in own],
        some=[(flag, text) for flag, text in flags.items() if flag in own],
        others=[
            (name, state.but(table=table, sort="").query, table == rows[0]["table"])
            for name, table in choices(board, benchmarks)
        ],
    )


def chosen(board: Board, state: State, benchmarks: tuple[str, ...]) -> list[Row]:
    """The cells of the table that the state names, else of the first."""
    known = [name for _, name in choices(board, benchmarks)]
    if not known:
        return []
    wanted = state.table if state.table in known else known[0]
    return [row for row in board.published if row["table"] == wanted]


def grid(board: Board, state: State) -> Grid | None:
    """A published table of a benchmark."""
    return published_grid(board, state, BENCHMARKS)


def view(board: Board, state: State) -> str:
    """A published table of a benchmark."""
    lead = (
        "Numbers as their authors printed them, under their own protocols, without intervals. They stand here alone: "
        "no table of ours mixes them with numbers of another protocol."
    )
    return published_view(board, state, BENCHMARKS, "Published results", lead)


def _printed(cell: Row | None) -> Box:
    if cell is None:
        return Box("—", undefined=True, tip="not printed", file="")
    tip = " ".join(cell["warnings"])
    return Box(cell["printed"], letters="*" if cell["own_flags"] else "", tip=tip, file=cell["printed"])


def _mean(cell: Row | None) -> Box:
    if cell is None or cell["mean_of_cells"] is None:
        return Box("—", undefined=True, file="")
    shown = f"{cell['mean_of_cells']:.2f}"
    off = cell["value"] is not None and abs(cell["value"] - cell["mean_of_cells"]) > 0.02
    return Box(shown, tags=("differs",) if off else (), file=shown)
