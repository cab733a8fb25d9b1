"""The first page: who leads, who is tied, how sure we are."""

from __future__ import annotations

from collections import Counter
from typing import Any

from leaderboards.app.grid import Grid
from leaderboards.app.html import render
from leaderboards.app.lines import TIERS, Column, metric_columns, metrics_of, model_grid, shown_models
from leaderboards.app.state import State
from leaderboards.app.views.common import cohort_title, forest_of
from leaderboards.app.views.mirb import task_columns
from leaderboards.boards.board import Board
from leaderboards.boards.words import HEADLINE, split_name, title

Row = dict[str, Any]

MOST = 6
PANELS = 4
FAMILIES = ("fidelity", "privacy", "memorisation", "utility", "alignment")


def headline(board: Board, cohort: Row, state: State) -> list[Column]:
    """The columns of the overview: one encoder of each headline metric, or overall and the categories of MIRB."""
    if cohort["benchmark"] == "mirb":
        return task_columns(board, cohort["cohort"], ("overall", "category"))
    found: dict[str, str] = {}
    for metric in metrics_of(board, cohort["cohort"], FAMILIES):
        base, _ = split_name(metric)
        if base in HEADLINE["chexgenbench"]:
            found.setdefault(base, metric)
    if (
        "kid" in found or "fid64" in found
    ):  # one Fréchet distance is enough beside KID, and the 64-d one has an interval
        found.pop("fid", None)
    return metric_columns(board, cohort["cohort"], list(found.values())[:MOST], "overall")


def grid(board: Board, state: State) -> Grid | None:
    """Models by headline metrics."""
    cohort = board.cohort(state.board)
    if cohort is None:
        return None
    state = state.but(group="overall", page=state.page)
    caption = f"Overview: {cohort_title(cohort)}"
    return model_grid(board, cohort["cohort"], state, headline(board, cohort, state), "overview", caption)


def view(board: Board, state: State) -> str:
    """Standing, ties in words, a forest, and how stable the order is."""
    cohort = board.cohort(state.board)
    if cohort is None:
        return render("empty.html.j2", state, title="Overview")
    name = cohort["cohort"]
    columns = headline(board, cohort, state)
    models = shown_models(board, name, state)
    order = list(board.ranks(name).values())
    left_out = [row for row in board.of("left_out", name) if row["scope"] == "all"]
    tiers = Counter(model["tier"] for model in board.models.values())
    return render(
        "overview.html.j2",
        state,
        cohort=cohort,
        cohort_title=cohort_title(cohort),
        grid=grid(board, state),
        forest=forest_of(board, name, models, columns[:PANELS]),
        ties=[tie for tie in (_tie(board, name, column) for column in columns) if tie is not None],
        order=[(row, board.models[row["record"]]["name"]) for row in order],
        tau=order[0]["kendall_tau"] if order else None,
        moved=[(_named(row["metric"]), len(left_out)) for row in left_out if row["moved"]],
        left_out=len(left_out),
        tiers=[(tier, TIERS[tier][0], TIERS[tier][1], tiers[tier]) for tier in TIERS if tiers[tier]],
        others=[(cohort_title(each), each["records"], state.but(board=each["cohort"]).query, each["cohort"] == name)
                for each in board.cohorts],
        published=len({row["table"] for row in board.published}),
    )  # fmt: skip


def _tie(board: Board, cohort: str, column: Column) -> tuple[str, list[str], int] | None:
    """Metric, the names of its best group, and how many were compared; None without a comparison, no name untested."""
    standing = board.standings(cohort).get((column.metric, column.group), {})
    top = [row for row in standing.values() if row["top"]]
    if not top:
        return None
    names = [board.models[row["record"]]["name"] for row in sorted(top, key=lambda row: row["place"])]
    shown = title(column.metric) if column.floor == "floor" else column.head.title
    return shown, names if top[0]["tested"] else [], top[0]["contenders"]


def _named(metric: str) -> str:
    kind, _, task = metric.partition("=")
    return task if kind == "task" else title(metric)
