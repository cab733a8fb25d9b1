"""What several tabs share: the cohort in words, its groups, a forest of its headlines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leaderboards.app import marks
from leaderboards.app.lines import FIRST, Column, metric_columns, metrics_of
from leaderboards.app.state import State
from leaderboards.boards.board import Board
from leaderboards.reporting.forest import Estimated, ForestCell, ForestPanel, ForestRow, ForestWords, forest
from leaderboards.reporting.numbers import count, interval_text, value_text
from leaderboards.reporting.svg import Figure

Row = dict[str, Any]

NAMES = {"chexgenbench": "CheXGenBench", "mirb": "MIRB"}

LINES = 24
"""Models in a figure; the table holds all."""

PANEL_TITLE = 24
"""Characters above a panel of a forest."""


def cohort_title(cohort: Row) -> str:
    """ "CheXGenBench v2 · phantom, test · 60 cases"."""
    split = ", ".join(part for part in (cohort["split"], cohort["subset"]) if part)
    size = f"{cohort['cases']} {'questions' if cohort['benchmark'] == 'mirb' else 'cases'}" if cohort["cases"] else ""
    what = f"{NAMES[cohort['benchmark']]} {cohort['protocol']}"
    return " · ".join(part for part in (what, split, size) if part)


def chosen(board: Board, cohort: str, state: State, families: Sequence[str]) -> list[str]:
    """The metrics of some families that the state asks for, else the first few."""
    known = metrics_of(board, cohort, families, state.group)
    wanted = [name for name in state.columns if name in known]
    return wanted or known[:FIRST]


def columns_of(board: Board, cohort: str, state: State, families: Sequence[str]) -> list[Column]:
    """Their columns."""
    return metric_columns(board, cohort, chosen(board, cohort, state, families), state.group)


def forest_of(board: Board, cohort: str, models: Sequence[Row], columns: Sequence[Column]) -> Figure | None:
    """Value, interval and floor of every model, a panel a column; None without models or values."""
    held = list(models)[:LINES]
    if not held or not columns:
        return None
    panels = [_panel(board, cohort, column, held) for column in columns]
    results = board.results(cohort)
    rows = []
    for model in held:
        found = (results.get((column.metric, column.group, "raw"), {}).get(model["record"]) for column in columns)
        n = next((row["n_generated"] for row in found if row is not None), None)
        rows.append(ForestRow(model["name"][:26], count(n)))
    mirb = columns[0].floor == "chance"
    words = (
        ForestWords(counts="questions", main="accuracy, with 95 % interval", floor="chance")
        if mirb
        else ForestWords(main="value, with 95 % interval")
    )
    return forest("forest-models", "Models side by side", rows, panels, words=words)


def _panel(board: Board, cohort: str, column: Column, models: Sequence[Row]) -> ForestPanel:
    results = board.results(cohort)
    rows = results[column.metric, column.group, "raw"]
    floors = results.get((column.metric, column.group, column.floor), {})
    cells = []
    for model in models:
        row, floor = rows.get(model["record"]), floors.get(model["record"])
        if row is None or row["value"] is None:
            cells.append(ForestCell(reason="not in this record" if row is None else row["reason"]))
            continue
        value, low, high = row["value"], row["low"], row["high"]
        tip = f"{model['name']}: {value_text(value, low, high)} {interval_text(value, low, high)}".rstrip()
        real = None if floor is None or floor["value"] is None else Estimated(floor["value"])
        cells.append(ForestCell(Estimated(value, low, high, marks.centre(row)), floor=real, tip=tip))
    direction = next(iter(rows.values()))["direction"]
    return ForestPanel(column.head.title[:PANEL_TITLE], direction, tuple(cells))
