"""One metric over findings, views, sexes and ages, for every model: a heat map and the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from leaderboards.app.grid import Box, Grid, Head, Line, listed
from leaderboards.app.html import render
from leaderboards.app.lines import Column, boxes, metrics_of, shown_models
from leaderboards.app.state import State
from leaderboards.app.views.common import cohort_title
from leaderboards.boards.board import Board
from leaderboards.boards.words import question, title
from leaderboards.reporting.heatmap import HeatCell, HeatRow, Legend, heatmap
from leaderboards.reporting.numbers import ARROWS, DIRECTIONS, compact, count
from leaderboards.reporting.svg import Figure

Row = dict[str, Any]

MOST = 9
"""Models in the map and the table."""

FAMILIES = ("fidelity", "alignment", "privacy", "memorisation", "utility")


def grouped_metrics(board: Board, cohort: str) -> list[str]:
    """Metrics that were measured in at least one group besides overall."""
    deeper = {
        metric
        for (metric, group, variant), rows in board.results(cohort).items()
        if group != "overall" and variant == "raw" and any(row["value"] is not None for row in rows.values())
    }
    return [metric for metric in metrics_of(board, cohort, FAMILIES) if metric in deeper]


def grid(board: Board, state: State) -> Grid | None:
    """Groups by models, with intervals."""
    found = _chosen(board, state)
    if found is None:
        return None
    cohort, metric, groups, models = found
    heads = [Head("Group", "group")]
    heads += [Head(each["name"], each["record"], each["tier"], numeric=True) for each in models]
    results = board.results(cohort["cohort"])

    def line(group: str) -> Line:
        column = Column(metric, group, Head(title(metric)))
        return (Box(_spoken(group), file=group), *boxes(board, cohort["cohort"], column, models))

    def value(record: str) -> Any:
        def of(group: str) -> float | None:
            row = results.get((metric, group, "raw"), {}).get(record)
            return None if row is None else row["value"]

        return of

    keys = {"group": str} | {model["record"]: value(model["record"]) for model in models}
    return listed("pathology", heads, groups, line, keys, state, f"{title(metric)}: {cohort_title(cohort)}")


def view(board: Board, state: State) -> str:
    """The heat map above its table."""
    found = _chosen(board, state)
    if found is None:
        return render("empty.html.j2", state, title="Per pathology")
    cohort, metric, groups, models = found
    row = next(iter(board.results(cohort["cohort"])[metric, "overall", "raw"].values()))
    return render(
        "pathology.html.j2",
        state,
        cohort=cohort,
        cohort_title=cohort_title(cohort),
        metric=f"{title(metric)} {ARROWS[row['direction']]}",
        question=question(metric),
        direction=DIRECTIONS[row["direction"]],
        figure=_map(board, cohort["cohort"], metric, groups, models),
        grid=grid(board, state),
        hidden=len(shown_models(board, cohort["cohort"], state)) - len(models),
    )


def _chosen(board: Board, state: State) -> tuple[Row, str, list[str], list[Row]] | None:
    cohort = board.cohort(state.board, "chexgenbench")
    known = [] if cohort is None else grouped_metrics(board, cohort["cohort"])
    if cohort is None or not known:
        return None
    metric = state.metric if state.metric in known else known[0]
    groups = dict.fromkeys(
        group for name, group, variant in board.results(cohort["cohort"]) if (name, variant) == (metric, "raw")
    )
    return cohort, metric, list(groups), shown_models(board, cohort["cohort"], state)[:MOST]


def _map(board: Board, cohort: str, metric: str, groups: list[str], models: list[Row]) -> Figure | None:
    results = board.results(cohort)
    table = {group: results.get((metric, group, "raw"), {}) for group in groups}
    values = [row["value"] for rows in table.values() for row in rows.values() if row["value"] is not None]
    if not values or not models:
        return None
    low, middle, high = (float(each) for each in np.quantile(values, [0.05, 0.5, 0.95]))
    rows = []
    for group in groups:
        cells = []
        for model in models:
            row = table[group].get(model["record"])
            if row is None or row["value"] is None:
                reason = "not in this record" if row is None else row["reason"]
                cells.append(HeatCell(undefined=True, tip=f"{model['name']}, {_spoken(group)}: {reason}"))
                continue
            shade = _shade(row, low, middle, high)
            tip = f"{model['name']}, {_spoken(group)}: {row['value']:.4g}, n = {row['n_generated']}"
            cells.append(HeatCell(compact(row["value"]), shade, tip))
        n = next((row["n_generated"] for row in table[group].values()), None)
        rows.append(HeatRow(_spoken(group)[:26], count(n), tuple(cells), group == "overall"))
    legend = Legend("best here", "middle", "worst here")
    return heatmap("heat", title(metric), [model["name"] for model in models], rows, legend)


def _shade(row: Row, low: float, middle: float, high: float) -> float:
    """-1 at the best end of the middle 90 % of all cells, 0 at their median, 1 at the worst end."""
    value = row["value"]
    reach = (middle - low) if value < middle else (high - middle)
    shade = 0.0 if reach <= 0 else max(-1.0, min(1.0, (value - middle) / reach))
    return -shade if row["direction"] == "higher" else shade


def _spoken(group: str) -> str:
    kind, _, value = group.partition("=")
    if not value:
        return "All images"
    return value if kind == "pathology" else f"{kind.capitalize()} {value}"
