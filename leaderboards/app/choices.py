"""What the controls of a tab offer, for a board and a state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from leaderboards.app.lines import TIERS, groups_of, metrics_of
from leaderboards.app.state import State
from leaderboards.app.views import compare, methods, mirb, pareto, pathology, published
from leaderboards.app.views.common import chosen, cohort_title
from leaderboards.app.views.family import FAMILIES
from leaderboards.boards.board import Board
from leaderboards.boards.words import title

Choices = list[tuple[str, str]]


class Control(NamedTuple):
    """A drop-down. choices: (shown, value). value: what is chosen, a list where several can be."""

    label: str
    choices: Choices
    value: str | list[str] | None


COHORT_TABS = frozenset(("overview", "compare", "pareto", "reproduce"))
"""Tabs that show any benchmark; others have one of their own."""

UNSEARCHED = frozenset(("compare", "protocols", "submit"))
"""Tabs whose table no search narrows."""
UNFILTERED = UNSEARCHED | {"published"}
"""Tabs that neither the tier nor the box for controls narrows."""


def boards(board: Board, state: State) -> Control:
    """The cohorts that the tab can show."""
    wanted = "" if state.tab in COHORT_TABS else "mirb" if state.tab == "mirb" else "chexgenbench"
    if state.tab in ("methods", "published", "protocols", "submit"):
        return Control("Board", [], None)
    rows = [row for row in board.cohorts if wanted in ("", row["benchmark"])]
    here = board.cohort(state.board, wanted)
    return Control("Board", [(cohort_title(row), row["cohort"]) for row in rows], here["cohort"] if here else None)


def tiers(board: Board, state: State) -> Control:
    """The tiers that the board's rows have; nothing on a tab that they do not narrow."""
    if state.tab in UNFILTERED:
        return Control("Tier", [], None)
    present = {model["tier"] for model in board.models.values()}
    return Control("Tier", [(name, TIERS[name][0]) for name in TIERS if name in present], list(state.tiers))


def others(board: Board, state: State) -> dict[str, Control]:
    """Field of the state -> its control, for the fields that the tab uses."""
    if state.tab in FAMILIES:
        return _family(board, state)
    if state.tab == "pathology":
        cohort = board.cohort(state.board, "chexgenbench")
        known = [] if cohort is None else pathology.grouped_metrics(board, cohort["cohort"])
        return {"metric": Control("Metric", _titled(known), state.metric if state.metric in known else _first(known))}
    if state.tab == "mirb":
        cohort = board.cohort(state.board, "mirb")
        columns = [] if cohort is None else mirb.task_columns(board, cohort["cohort"], ("overall", "category", "task"))
        offered = [(column.head.title, column.head.key) for column in columns]
        held = [key for _, key in offered if key in state.columns]
        return {"columns": Control("Columns", offered, held)}
    if state.tab == "methods":
        return {"table": Control("Table", methods.choices(board), methods.table_of(board, state))}
    if state.tab == "published":
        offered = published.choices(board)
        known = [value for _, value in offered]
        return {"table": Control("Table", offered, state.table if state.table in known else _first(known))}
    if state.tab == "pareto":
        cohort = board.cohort(state.board)
        known = [] if cohort is None else pareto.plots(board, cohort["cohort"])
        plots = [(name, name) for name in known]
        return {"plot": Control("Axes", plots, state.plot if state.plot in known else _first(known))}
    return _compare(board, state) if state.tab == "compare" else {}


def _family(board: Board, state: State) -> dict[str, Control]:
    families = FAMILIES[state.tab].families
    cohort = board.cohort(state.board, "chexgenbench")
    if cohort is None:
        return {}
    name = cohort["cohort"]
    metrics = metrics_of(board, name, families, state.group)
    groups = groups_of(board, name)
    return {
        "columns": Control("Columns", _titled(metrics), chosen(board, name, state, families)),
        "group": Control("Group", [(group, group) for group in groups], state.group if state.group in groups else None),
    }


def _compare(board: Board, state: State) -> dict[str, Control]:
    found = compare.pair(board, state)
    if found is None:
        return {}
    cohort, a, b = found
    models = [(model["name"], model["record"][:16]) for model in board.of("models", cohort["cohort"])]
    rows = board.of("pairs", cohort["cohort"])
    metrics = dict.fromkeys(row["metric"] for row in rows)
    offered = [("all metrics", ""), *_titled(metrics)]
    return {
        "a": Control("Model A", models, a["record"][:16]),
        "b": Control("Model B", models, b["record"][:16]),
        "metric": Control("Metric", offered, state.metric if state.metric in metrics else ""),
    }


def _titled(metrics: Iterable[str]) -> Choices:
    return [(title(metric), metric) for metric in metrics]


def _first(known: list[str]) -> str | None:
    return known[0] if known else None
