"""A comparison as a self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_splits.integrity import write_text
from leaderboards.comparison.compare import Contender, MetricComparison
from leaderboards.comparison.overall import Overall
from leaderboards.reporting.forest import Estimated, ForestCell, ForestPanel, ForestRow, ForestWords, forest
from leaderboards.reporting.page import render
from leaderboards.reporting.svg import Figure
from leaderboards.reporting.tables import Table
from mirb.comparison.tables import names_of

PANELS = 5
"""Groups of the figure: overall and the four categories; of a run with one task, that task."""


def write_page(
    path: Path,
    contenders: Sequence[Contender],
    found: Sequence[MetricComparison],
    tables: dict[str, Table],
    order: Overall | None,
    alpha: float,
) -> Path:
    """Write the page: the same records give the same bytes.

    Args:
        tables: "accuracy", "pairs", "power" and, where there are several tasks, "order"; "unparsed" where it exists.
        order: over tasks; None with one task.
    """
    record = contenders[0].record
    context: dict[str, Any] = {
        "names": [each.name for each in contenders],
        "split": record.split.get("name"),
        "questions": record.split.get("cases"),
        "clusters": record.split.get("clusters"),
        "protocol": record.protocol,
        "alpha": f"{100 * alpha:g}",
        "tables": {"unparsed": None, "order": None, **tables},
        "tau": None if order is None else f"{order.stability.kendall_tau:.2f}",
        "forest": _forest(contenders, found),
        "warnings": list(dict.fromkeys(f"{each.name}: {text}" for each in contenders for text in each.record.warnings)),
    }
    write_text(path, render(__package__, "mirb_comparison.html.j2", context))
    return path


def _forest(contenders: Sequence[Contender], found: Sequence[MetricComparison]) -> Figure:
    titles = names_of(found)
    rows = [ForestRow(each.name, str(each.record.split.get("cases") or "")) for each in contenders]
    panels = []
    broad = [each for each in found if not each.group.startswith("task=")]
    for each in (broad or found)[:PANELS]:
        cells = []
        for contender in contenders:
            result = each.results.get(contender.name)
            value = None if result is None or result.value is None else Estimated(result.value, result.low, result.high)
            cells.append(
                ForestCell(
                    value,
                    tip=f"{contender.name}: {each.letters.get(contender.name, '')}",
                    reason="undefined",
                )
            )
        panels.append(ForestPanel(titles[each.group], each.direction, tuple(cells)))
    words = ForestWords(counts="asked", main="accuracy, with 95 % interval")
    return forest("forest-models", "Models side by side", rows, panels, words=words)
