"""`mirb compare`: several runs of one protocol on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import typer

from data_splits.cli_support import emit_json, note
from data_splits.errors import UserError
from leaderboards.comparison.compare import Contender, MetricComparison, as_json, load
from leaderboards.comparison.overall import Overall, overall
from leaderboards.comparison.report import overall_table
from leaderboards.reporting.tables import Table, to_csv, to_latex, to_markdown, to_text
from mirb.comparison import tables
from mirb.comparison.page import write_page
from mirb.comparison.pairs import Pair, across, pairs_of

WRITERS = {"text": to_text, "csv": to_csv, "markdown": to_markdown, "latex": to_latex}


def run(folders: Sequence[Path], alpha: float, output: Path | None, style: str, json: bool) -> None:
    """Print the comparison and, where asked, write its page."""
    contenders = load(folders)
    if contenders[0].record.benchmark != "mirb":
        raise UserError(f"{folders[0]} is a run of {contenders[0].record.benchmark}: compare it with that command.")
    found = across(contenders, alpha)
    if not found:
        raise UserError("No accuracy has a value in two of these runs.")
    pairs = pairs_of(contenders, found, alpha)
    order = _order(found)
    shown = _tables(contenders, found, pairs, order)
    if json:
        emit_json(
            {
                "runs": {each.name: str(each.folder) for each in contenders},
                "protocol": contenders[0].record.protocol,
                "alpha": alpha,
                "groups": as_json(found),
                "pairs": [_plain(each) for each in pairs],
                "mean_rank": dict(zip(order.names, order.mean_rank, strict=True)) if order else None,
            }
        )
    else:
        typer.echo("\n".join(f"{_heading(each, style)}{WRITERS[style](each)}" for each in shown.values()), nl=False)
    if output is not None:
        path = output if output.suffix == ".html" else output / "comparison.html"
        note(f"comparison: {write_page(path, contenders, found, shown, order, alpha)}")


def _order(found: Sequence[MetricComparison]) -> Overall | None:
    """Ranks over tasks, each counted once; None with one task."""
    titles = tables.names_of(found)
    tasks = [replace(each, metric=titles[each.group]) for each in found if each.group.startswith("task=")]
    return overall(tasks) if len(tasks) > 1 else None


def _tables(
    contenders: Sequence[Contender], found: Sequence[MetricComparison], pairs: Sequence[Pair], order: Overall | None
) -> dict[str, Table]:
    titles = tables.names_of(found)
    shown = {
        "accuracy": tables.accuracy_table(found, [each.name for each in contenders]),
        "pairs": tables.pairs_table(pairs, titles),
        "power": tables.power_table(pairs, titles),
    }
    unparsed = tables.unparsed_table(contenders, [each.group for each in found], titles)
    if unparsed is not None:
        shown["unparsed"] = unparsed
    if order is not None:
        shown["order"] = replace(overall_table(order), caption=f"Order over {len(order.metrics)} tasks")
    return shown


def _heading(table: Table, style: str) -> str:
    """Captions stand above text and Markdown tables; LaTeX has its own, CSV none."""
    return f"{table.caption}\n\n" if style in ("text", "markdown") else ""


def _plain(pair: Pair) -> dict[str, Any]:
    estimate = pair.gap.estimate
    kept = {name: value for name, value in asdict(pair).items() if name != "gap"}
    return kept | {
        "difference": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "se": estimate.se,
        "p": pair.gap.p,
        "paired": pair.gap.paired,
        "method": estimate.method,
        "reason": estimate.reason or estimate.interval_reason,
    }
