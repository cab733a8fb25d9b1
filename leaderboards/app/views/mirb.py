"""MIRB: accuracy overall, by category and by task, beside chance."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.app.grid import Grid, Head
from leaderboards.app.html import render
from leaderboards.app.lines import Column, model_grid, shown_models
from leaderboards.app.state import State
from leaderboards.app.views.common import cohort_title, forest_of
from leaderboards.boards.board import Board
from leaderboards.reporting.radar import RadarSeries, radar
from leaderboards.reporting.svg import Figure

SERIES = 3
"""Models in the radar: more outlines cannot be told apart."""

CATEGORIES = ("knowledge", "reasoning", "perception", "multi-hop")


def task_columns(board: Board, cohort: str, kinds: Sequence[str]) -> list[Column]:
    """Accuracy by group: "overall", "category", "task", in the order of the record."""
    groups = [group for metric, group, variant in board.results(cohort) if (metric, variant) == ("accuracy", "raw")]
    found = []
    for kind in kinds:
        for group in groups:
            name, _, value = group.partition("=")
            if name == kind:
                below = "category ↑" if kind == "category" else "macro ↑" if kind == "overall" else "↑"
                head = Head((value or "Overall").capitalize() if kind != "task" else value, group, below, True)
                found.append(Column("accuracy", group, head, floor="chance", percent=True))
    return found


def grid(board: Board, state: State) -> Grid | None:
    """Models by overall, categories and tasks."""
    cohort = board.cohort(state.board, "mirb")
    if cohort is None:
        return None
    columns = task_columns(board, cohort["cohort"], ("overall", "category", "task"))
    wanted = [column for column in columns if column.head.key in state.columns]
    caption = f"MIRB accuracy: {cohort_title(cohort)}"
    return model_grid(board, cohort["cohort"], state, wanted or columns, "mirb", caption)


def view(board: Board, state: State) -> str:
    """The table, overall and categories as a forest, tasks as a radar."""
    cohort = board.cohort(state.board, "mirb")
    if cohort is None:
        return render("empty.html.j2", state, title="MIRB by task")
    name = cohort["cohort"]
    models = shown_models(board, name, state)
    warnings = list(dict.fromkeys(text for model in models for text in model["warnings"]))
    return render(
        "mirb.html.j2",
        state,
        cohort=cohort,
        cohort_title=cohort_title(cohort),
        grid=grid(board, state),
        forest=forest_of(board, name, models, task_columns(board, name, ("overall", "category"))[:4]),
        radar=_radar(board, name, state),
        warnings=warnings[:6],
    )


def _radar(board: Board, cohort: str, state: State) -> Figure | None:
    columns = task_columns(board, cohort, ("task",))
    models = shown_models(board, cohort, state)[:SERIES]
    if len(columns) < 3 or not models:
        return None
    results = board.results(cohort)
    series = []
    for index, model in enumerate(models):
        rows = [results[column.metric, column.group, "raw"].get(model["record"]) for column in columns]
        values = tuple(None if row is None else row["value"] for row in rows)
        series.append(RadarSeries(model["name"][:24], values, css=str(index + 1)))
    chance = []
    for column in columns:
        rows = list(results.get((column.metric, column.group, "chance"), {}).values())
        chance.append(rows[0] if rows else None)
    values = tuple(None if row is None else row["value"] for row in chance)
    series.append(RadarSeries("chance", values, css="4", dashed=True))
    return radar("radar-tasks", "Accuracy by task", [column.head.title for column in columns], series)
