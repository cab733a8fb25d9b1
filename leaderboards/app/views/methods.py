"""Training methods: what this suite measured of them, each beside its control; and what their papers print."""

from __future__ import annotations

from typing import Any

from leaderboards.app.grid import Box, Grid, Head, Line, listed
from leaderboards.app.html import render
from leaderboards.app.state import State
from leaderboards.app.views.published import choices as published_choices
from leaderboards.app.views.published import published_grid, published_view
from leaderboards.boards.board import Board
from leaderboards.boards.methods import studies
from leaderboards.reporting.numbers import ARROWS, DIRECTIONS, count, interval_text, value_text
from leaderboards.statistics.certificates.rounding import confidence, up

Row = dict[str, Any]

BENCHMARKS = ("methods",)
ALL = "measured"
"""Table id of everything measured here; a single study has the beginning of its hash."""
SHORT = 16


def choices(board: Board) -> list[tuple[str, str]]:
    """(title, id): all studies, each study, then the published tables."""
    own = [(f"{row['method']}: {row['title']}", row["study"][:SHORT]) for row in studies(board.methods)]
    return [("Measured here: all methods", ALL), *own, *published_choices(board, BENCHMARKS)]


def table_of(board: Board, state: State) -> str:
    """The id of the table shown: what the state names, else everything measured here."""
    known = [name for _, name in choices(board)]
    return state.table if state.table in known else ALL


def grid(board: Board, state: State) -> Grid | None:
    """Scores of arms, or a published table."""
    table = table_of(board, state)
    if table in [name for _, name in published_choices(board, BENCHMARKS)]:
        return published_grid(board, state, BENCHMARKS)
    return _measured(board, state, table)


def view(board: Board, state: State) -> str:
    """Scores of arms with what a reader must know of their study, or a published table."""
    table = table_of(board, state)
    if table in [name for _, name in published_choices(board, BENCHMARKS)]:
        lead = "Figures of training methods as their papers print them. This suite has not measured these."
        return published_view(board, state, BENCHMARKS, "Training methods, as published", lead)
    shown = _rows(board, table)
    links = [(name, state.but(table=each, sort="", q="").query, each == table) for name, each in choices(board)]
    printed = {state.but(table=each, sort="", q="").query for _, each in published_choices(board, BENCHMARKS)}
    return render(
        "methods.html.j2",
        state,
        grid=_measured(board, state, table),
        studies=[_facts(row, shown) for row in studies(shown)],
        others=[link for link in links if link[1] not in printed],
        published=[link for link in links if link[1] in printed],
    )


def _rows(board: Board, table: str) -> list[Row]:
    """Rows of a study; of all studies those with a value."""
    if table == ALL:
        return [row for row in board.methods if row["value"] is not None]
    return [row for row in board.methods if row["study"][:SHORT] == table]


def _measured(board: Board, state: State, table: str) -> Grid:
    heads = [
        Head("Arm", "arm"),
        Head("Task", "task", tip="what was asked, and the metric"),
        Head("Score", "score", "95 % interval", True),
        Head("Less its control", "difference", "same units, 95 %", True),
        Head("Certified", "certified", "true error at most", True, "holds with the confidence named"),
        Head("Test-set bound", "test_set", "beside it", True, "what held-out cases alone certify"),
        Head("Labels", "labelled", "used in all", True),
        Head("Learnt", "trainable", "parameters", True),
        Head("Seconds", "seconds", "of one run", True),
        Head("Memory", "memory", "MB, peak", True),
        Head("Budget"),
    ]
    words = state.q.casefold().split()
    held = [row for row in _rows(board, table) if _matches(row, words, state)]
    keys: dict[str, Any] = {
        "arm": lambda row: row["arm"].casefold(),
        "task": lambda row: (row["task"], row["metric"]),
        "score": lambda row: row["value"],
        "memory": lambda row: row["memory_mb"],
    }
    keys |= {
        name: lambda row, name=name: row[name]
        for name in ("difference", "certified", "test_set", "labelled", "trainable", "seconds")
    }
    caption = "Training methods and their controls, as measured by this suite"
    return listed("methods", heads, held, _line, keys, state, caption)


def _matches(row: Row, words: list[str], state: State) -> bool:
    if state.tiers and row["tier"] not in state.tiers:
        from leaderboards.app.lines import TIERS

        if TIERS[row["tier"]][0] not in state.tiers:
            return False
    if state.controls == "no" and row["role"] == "control":
        return False
    text = " ".join((row["method"], row["title"], row["arm"], row["task"], row["metric"], *row["data"])).casefold()
    return all(word in text for word in words)


def _line(row: Row) -> Line:
    tags = [row["role"]] if row["role"] == "control" else []
    tags += ["private"] if row["origin"] == "private" else []
    tags += ["reconstruction"] if row["reconstructed"] and row["role"] == "method" else []
    return (
        Box(row["arm"], sub=f"{row['method']}, {row['seeds']} seed{'' if row['seeds'] == 1 else 's'}",
            tier=row["tier"], tags=tuple(tags), tip=", ".join(row["settings"])[:400]),
        Box(row["task"], sub=f"{row['metric'].replace('_', ' ')} {ARROWS[row['direction']]}",
            tip=DIRECTIONS[row["direction"]]),
        _score(row),
        _difference(row),
        _certified(row),
        _test_set(row),
        _number(row["labelled"]),
        _number(row["trainable"]),
        _number(row["seconds"], 1),
        _number(row["memory_mb"]),
        Box(", ".join(row["budget"]) or "—"),
    )  # fmt: skip


def _score(row: Row) -> Box:
    value, low, high = row["value"], row["low"], row["high"]
    if value is None:
        return Box("undefined", undefined=True, tip=row["reason"], file="")
    unit = f" {row['unit']}" if row["unit"] else ""
    tip = f"n = {count(row['n'])}" + (f" {row['per']}s" if row["per"] else "")
    return Box(
        f"{value_text(value, low, high)}{unit}",
        sub=interval_text(value, low, high) or "no interval",
        tip=tip,
        ends=(low, high),
        file=value,
    )


def _difference(row: Row) -> Box:
    value, low, high = row["difference"], row["difference_low"], row["difference_high"]
    if not row["against"]:
        return Box("the control", undefined=True, file="")
    if value is None:
        return Box("—", undefined=True, tip="not measured on shared units; see Compare two", file="")
    better = low is not None and high is not None and (low > 0 or high < 0)
    return Box(
        value_text(value, low, high),
        sub=interval_text(value, low, high) or "no interval",
        top=better and (value > 0) == (row["direction"] == "higher"),
        tip=f"{row['arm']} less {row['against']}, unit by unit",
        ends=(low, high),
        file=value,
    )


def _certified(row: Row) -> Box:
    if row["certified"] is None:
        return Box("—", undefined=True, tip="no certificate", file="")
    paid = f", {row['price'] or 'choices'} {row['nats']:.2f}" if row["nats"] is not None else ""
    sub = f"{row['bound']}, n = {count(row['certified_n'])}{paid}, {row['predictor']}"
    rest = "; ".join(row["declared"])
    tip = f"{row['loss']}, seen {row['seen']:.3f}, {confidence(row['delta'])} confidence. Declared: {rest}"
    return Box(f"≤ {up(row['certified'])}", sub=sub, tip=tip[:400], file=row["certified"])


def _test_set(row: Row) -> Box:
    if row["test_set"] is None:
        alone = row["certified"] is not None
        return Box("it is one" if alone else "—", undefined=True, file="")
    return Box(f"≤ {up(row['test_set'])}", sub=f"n = {count(row['test_set_n'])}", file=row["test_set"])


def _number(value: float | None, places: int = 0) -> Box:
    if value is None:
        return Box("—", undefined=True, file="")
    return Box(count(int(value)) if not places else f"{value:,.{places}f}".replace(",", "\u202f"), file=value)


def _facts(row: Row, shown: list[Row]) -> Row:
    """What a reader must know of a study."""
    return {
        **row,
        "arms": len({each["arm"] for each in shown if each["study"] == row["study"]}),
        "terms": [
            ("Asks", row["question"]),
            ("Starts from", row["base"]),
            ("Data", "; ".join(row["data"]) + (" (credentialed)" if row["credentialed"] else "")),
            ("Measured on", row["machine"]),
            ("Code", row["revision"]),
        ],
    }
