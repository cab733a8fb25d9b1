"""ablations.html and ablations.csv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_splits.integrity import sha256_file, write_text
from leaderboards.records.io import RECORD_FILE, read_record
from leaderboards.reporting.forest import Estimated, ForestCell, ForestPanel, ForestRow, ForestWords, forest
from leaderboards.reporting.page import render
from leaderboards.reporting.record_tables import flat_table
from leaderboards.reporting.svg import Figure
from leaderboards.reporting.tables import to_csv
from mirb.ablations import ABLATIONS
from mirb.ablations.tables import View, tables_of, unfit_rows

PAGE_FILE = "ablations.html"
CSV_FILE = "ablations.csv"


def write_page(folder: Path, command: str) -> Path:
    """Write both files beside the record; the same record gives the same bytes, and neither holds a question's text.

    Args:
        command: the command that repeats the ablations.

    Raises:
        UserError: the folder holds no valid record.
    """
    record = read_record(folder)
    view = View(record)
    tables = tables_of(view)
    context: dict[str, Any] = {
        "record": record,
        "model": str(record.model.get("name") or "model"),
        "split": str(record.split.get("name") or "split"),
        "licence": str(record.split.get("licence") or ""),
        "questions": record.split.get("cases"),
        "tables": {name: tables.get(name) for name in ("need", "blind", "form", "order", "position")},
        "forest": _forest(view),
        "ablations": [each for each in ABLATIONS.values() if view.has(f"accuracy_{each.metric}")],
        "unfit": unfit_rows(record),
        "command": command,
        "hash": sha256_file(folder / RECORD_FILE),
    }
    write_text(folder / CSV_FILE, to_csv(flat_table(record)))
    write_text(folder / PAGE_FILE, render(__package__, "mirb_ablations.html.j2", context))
    return folder / PAGE_FILE


def _forest(view: View) -> Figure | None:
    """Image need by task, a panel for each ablation that takes images away."""
    ablations = view.asked("need")
    groups = [group for group in view.groups if any(view.get(f"image_need_{each.metric}", group) for each in ablations)]
    if not groups:
        return None
    rows, panels = [], []
    for group in groups:
        first = next(r for each in ablations if (r := view.get(f"image_need_{each.metric}", group)) is not None)
        strong = group == "overall"
        rows.append(ForestRow(view.title(group), str(first.n_generated), strong=strong))
    for each in ablations:
        cells = []
        for group in groups:
            result = view.get(f"image_need_{each.metric}", group)
            known = result is not None and result.value is not None
            cells.append(
                ForestCell(
                    Estimated(result.value, result.low, result.high) if known else None,  # type: ignore[union-attr, arg-type]
                    floor=Estimated(0.0),
                    reason="not asked",
                )
            )
        panels.append(ForestPanel(each.name, "higher", tuple(cells)))
    words = ForestWords(counts="asked", main="accuracy lost, with 95 % interval", floor="nothing lost")
    return forest("forest-need", "Image need", rows, panels, words=words)
