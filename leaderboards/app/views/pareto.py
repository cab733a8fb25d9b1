"""Quality against privacy against cost: who is beaten on every axis at once, and who is not."""

from __future__ import annotations

from typing import Any

from leaderboards.app.grid import Box, Grid, Head, Line, listed
from leaderboards.app.html import render
from leaderboards.app.lines import model_box, shown_models
from leaderboards.app.state import State
from leaderboards.app.views.common import cohort_title
from leaderboards.boards.board import Board
from leaderboards.boards.words import title
from leaderboards.reporting.forest import Estimated
from leaderboards.reporting.numbers import ARROWS, count, interval_text, value_text
from leaderboards.reporting.scatter import Axis, Point, scatter

Row = dict[str, Any]

MOST = 40
"""Models in the figure: first those on the front."""


def plots(board: Board, cohort: str) -> list[str]:
    """Names of the plots that a cohort has."""
    return list(dict.fromkeys(row["plot"] for row in board.of("fronts", cohort)))


def grid(board: Board, state: State) -> Grid | None:
    """A line a model: both axes, cost, and whether it is on the front without and with cost."""
    found = _rows(board, state)
    if found is None:
        return None
    cohort, _, rows = found
    one = rows[0]
    heads = (
        Head("Model", "name"),
        Head(title(one["x"]), "x", ARROWS[one["x_direction"]], True),
        Head(title(one["y"]), "y", ARROWS[one["y_direction"]], True),
        Head("Cost", "cost", "parameters ↓", True, "Number of weights on the model's card."),
        Head("On the front", "front", "two axes"),
        Head("On the front", "front3", "with cost"),
    )

    def line(row: Row) -> Line:
        model = board.models[row["record"]]
        return (
            model_box(model, state),
            *(_value(row, axis) for axis in ("x", "y")),
            Box("unknown" if row["cost"] is None else count(int(row["cost"])), file=row["cost"] or ""),
            _yes(row["on_front"]),
            _yes(row["on_front_with_cost"]),
        )

    keys = {
        "name": lambda row: board.models[row["record"]]["name"].casefold(),
        "x": lambda row: row["x_value"],
        "y": lambda row: row["y_value"],
        "cost": lambda row: row["cost"],
        "front": lambda row: not row["on_front"],
        "front3": lambda row: None if row["on_front_with_cost"] is None else not row["on_front_with_cost"],
    }
    return listed("pareto", heads, rows, line, keys, state, f"Pareto front, {one['plot']}: {cohort_title(cohort)}")


def view(board: Board, state: State) -> str:
    """The plot above its table."""
    found = _rows(board, state)
    if found is None:
        return render("empty.html.j2", state, title="Pareto")
    cohort, name, rows = found
    first = rows[0]
    points = []
    for row in sorted(rows, key=lambda row: not row["on_front"])[:MOST]:
        model = board.models[row["record"]]
        estimates = [Estimated(row[f"{axis}_value"], row[f"{axis}_low"], row[f"{axis}_high"]) for axis in ("x", "y")]
        tip = f"{model['name']}: {estimates[0].value:.4g}, {estimates[1].value:.4g}"
        points.append(Point(model["name"][:24], estimates[0], estimates[1], row["on_front"], tip))
    axes = [Axis(title(first[axis]), first[f"{axis}_direction"]) for axis in ("x", "y")]
    return render(
        "pareto.html.j2",
        state,
        cohort=cohort,
        cohort_title=cohort_title(cohort),
        plot=name,
        figure=scatter("pareto", f"{axes[1].title} against {axes[0].title}", axes[0], axes[1], points),
        grid=grid(board, state),
        front=[board.models[row["record"]]["name"] for row in rows if row["on_front"]],
        unknown=sum(row["cost"] is None for row in rows),
    )


def _rows(board: Board, state: State) -> tuple[Row, str, list[Row]] | None:
    cohort = board.cohort(state.board)
    known = [] if cohort is None else plots(board, cohort["cohort"])
    if cohort is None or not known:
        return None
    name = state.plot if state.plot in known else known[0]
    shown = {model["record"] for model in shown_models(board, cohort["cohort"], state)}
    rows = [row for row in board.of("fronts", cohort["cohort"]) if row["plot"] == name and row["record"] in shown]
    return (cohort, name, rows) if rows else None


def _value(row: Row, axis: str) -> Box:
    value, low, high = row[f"{axis}_value"], row[f"{axis}_low"], row[f"{axis}_high"]
    return Box(value_text(value, low, high), sub=interval_text(value, low, high), ends=(low, high), file=value)


def _yes(on: bool | None) -> Box:
    if on is None:
        return Box("unknown", tip="its card names no number of parameters")
    return Box("yes", badge="better") if on else Box("no")
