"""A comparison as tables and as a self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_splits.integrity import write_text
from leaderboards.comparison.compare import Contender, MetricComparison
from leaderboards.comparison.overall import Overall
from leaderboards.reporting.forest import Estimated, ForestCell, ForestPanel, ForestRow, forest
from leaderboards.reporting.numbers import ARROWS, DIRECTIONS, interval_text, value_text
from leaderboards.reporting.page import render
from leaderboards.reporting.scatter import Axis, Point, scatter
from leaderboards.reporting.svg import Figure
from leaderboards.reporting.tables import Cell, Table
from leaderboards.statistics.pareto import pareto_front

PANELS = 4
"""Metrics drawn in the figure of values; the table holds all."""

Axes = tuple[str, str]
"""Metrics of a Pareto plot, x and y."""


def values_table(found: Sequence[MetricComparison], names: Sequence[str]) -> Table:
    """A row a metric: each contender's value with its interval, its letters and the ranks that the tests leave open."""
    rows = []
    for each in found:
        cells: list[Cell] = [f"{each.metric} {ARROWS[each.direction]}"]
        for name in names:
            result = each.results.get(name)
            if result is None:
                cells.append("undefined")
                continue
            interval = interval_text(result.value, result.low, result.high)
            best, worst = each.ranks[name]
            place = str(best) if best == worst else f"{best} to {worst}"
            shown = value_text(result.value, result.low, result.high, result.se)
            cells.append(f"{shown}{f' ({interval})' if interval else ''} {each.letters[name]}, rank {place}")
        rows.append(tuple(cells))
    return Table(("metric", *names), tuple(rows), caption="Values, 95 % intervals, tie letters and ranks")


def differences_table(found: Sequence[MetricComparison]) -> Table:
    """A row a pair and metric: better less worse, its interval, raw and adjusted p, effect size, how it was paired."""
    rows = []
    for each in found:
        for (a, b), gap in each.differences.items():
            estimate, adjusted = gap.estimate, each.adjusted[a, b]
            rows.append(
                (
                    f"{each.metric} {ARROWS[each.direction]}",
                    f"{a} − {b}",
                    value_text(estimate.value, estimate.low, estimate.high, estimate.se),
                    interval_text(estimate.value, estimate.low, estimate.high),
                    _p(gap.p),
                    _p(adjusted),
                    value_text(estimate.extra.get("effect_size")),
                    "yes" if gap.paired else "no",
                    estimate.reason or estimate.interval_reason or estimate.method,
                )
            )
    columns = ("metric", "pair", "difference", "95 % interval", "p", "p (Holm)", "effect size", "paired", "how")
    return Table(columns, tuple(rows), frozenset(columns[2:7]), "Differences, better less worse")


def overall_table(found: Overall) -> Table:
    """A row a contender: mean rank, Borda share, Bradley-Terry strength, the spread of its rank, the Pareto front."""
    rows = []
    for index, name in enumerate(found.names):
        low, high = int(found.stability.low[index]), int(found.stability.high[index])
        rows.append(
            (
                name,
                f"{found.mean_rank[index]:.2f}",
                f"{found.borda[index]:.2f}",
                f"{found.strength[index]:.2f}",
                str(low) if low == high else f"{low} to {high}",
                f"{found.stability.probability[index, 0]:.2f}",
                "yes" if found.pareto[index] else "no",
            )
        )
    columns = ("model", "mean rank", "Borda", "strength", "95 % of its ranks", "chance of rank 1", "Pareto front")
    return Table(columns, tuple(rows), frozenset(columns[1:]), f"Over {len(found.metrics)} metrics")


def write_comparison(
    path: Path,
    brand: str,
    contenders: Sequence[Contender],
    found: Sequence[MetricComparison],
    aggregated: Overall | None,
    axes: Sequence[Axes] = (),
    title: Callable[[str], str] = str,
) -> Path:
    """Write the page: the same records give the same bytes.

    Args:
        axes: pairs of metrics for Pareto plots; a pair that not all contenders have is left out.
        title: metric name -> what people call it.
    """
    names = [each.name for each in contenders]
    record = contenders[0].record
    by_name = {each.metric: each for each in found}
    plots = [_plot(by_name[x], by_name[y], title) for x, y in axes if x in by_name and y in by_name]
    context: dict[str, Any] = {
        "brand": brand,
        "names": names,
        "split": f"{record.split.get('name')} {record.split.get('subset', '')}".strip(),
        "protocol": record.protocol,
        "values": values_table(found, names),
        "differences": differences_table(found),
        "overall": None if aggregated is None else overall_table(aggregated),
        "tau": None if aggregated is None else f"{aggregated.stability.kendall_tau:.2f}",
        "moved": [] if aggregated is None else _moved(aggregated),
        "forest": _forest(found, names, title) if found else None,
        "plots": [plot for plot in plots if plot is not None],
        "directions": [(each.metric, DIRECTIONS[each.direction]) for each in found],
    }
    write_text(path, render(__package__, "comparison.html.j2", context))
    return path


def _p(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}" if value >= 0.0001 else "< 0.0001"


def _moved(found: Overall) -> list[str]:
    """Metrics without which the order is another one."""
    return [f"without {name}: {', '.join(order)}" for name, order in found.without.items() if order != found.names]


def _estimated(comparison: MetricComparison, name: str) -> Estimated | None:
    result = comparison.results.get(name)
    if result is None or result.value is None:
        return None
    return Estimated(result.value, result.low, result.high, result.extra.get("bias_corrected"))


def _forest(found: Sequence[MetricComparison], names: Sequence[str], title: Callable[[str], str]) -> Figure:
    panels = [
        ForestPanel(
            title(each.metric),
            each.direction,
            tuple(
                ForestCell(_estimated(each, name), tip=f"{name}: {each.letters.get(name, '')}", reason="undefined")
                for name in names
            ),
        )
        for each in found[:PANELS]
    ]
    counts = {name: next((r.results[name].n_generated for r in found if name in r.results), 0) for name in names}
    rows = [ForestRow(name, str(counts[name])) for name in names]
    return forest("forest-models", "Models side by side", rows, panels)


def _plot(x: MetricComparison, y: MetricComparison, title: Callable[[str], str]) -> Figure | None:
    names = [name for name in x.results if name in y.results]
    if len(names) < 2:
        return None
    front = pareto_front(np.array([[x.goodness(name), y.goodness(name)] for name in names]))
    points = []
    for name, on_front in zip(names, front, strict=True):
        one, other = _estimated(x, name), _estimated(y, name)
        assert one is not None
        assert other is not None
        points.append(Point(name, one, other, bool(on_front), f"{name}: {one.value:.4g}, {other.value:.4g}"))
    heading = f"{title(y.metric)} against {title(x.metric)}"
    slug = "".join(c if c.isalnum() else "-" for c in f"{x.metric}-{y.metric}")
    return scatter(
        f"pareto-{slug}", heading, Axis(title(x.metric), x.direction), Axis(title(y.metric), y.direction), points
    )
