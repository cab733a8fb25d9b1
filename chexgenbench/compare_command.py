"""`chexgenbench compare`: several runs of one protocol on the same cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from chexgenbench.metrics.registry import find
from data_splits.cli_support import emit_json, note
from data_splits.errors import UserError
from leaderboards.comparison.compare import MetricComparison, as_json, compare, load
from leaderboards.comparison.overall import overall
from leaderboards.comparison.report import Axes, differences_table, overall_table, values_table, write_comparison
from leaderboards.reporting.tables import to_csv, to_latex, to_markdown, to_text

AXES = (("kid", "copy_rate"), ("kid", "utility_auroc"), ("copy_rate", "utility_auroc"), ("kid", "reid"))
"""Fidelity, privacy and utility against each other, where the runs have them."""

WRITERS = {"text": to_text, "csv": to_csv, "markdown": to_markdown, "latex": to_latex}


def run(
    folders: Sequence[Path],
    metrics: Sequence[str] | None,
    group: str,
    alpha: float,
    output: Path | None,
    style: str,
    json: bool,
) -> None:
    """Print the comparison and, where asked, write its page."""
    contenders = load(folders)
    if contenders[0].record.benchmark != "chexgenbench":
        raise UserError(f"{folders[0]} is a run of {contenders[0].record.benchmark}: compare it with that command.")
    protocol = contenders[0].record.protocol
    found = compare(contenders, _expanded(metrics, contenders[0].record.results), group, alpha)
    if not found:
        raise UserError(f"No metric has a value in {group} for two of these runs.")
    aggregated = overall(found)
    if json:
        emit_json(
            {
                "runs": {each.name: str(each.folder) for each in contenders},
                "alpha": alpha,
                "metrics": as_json(found),
                "mean_rank": dict(zip(aggregated.names, aggregated.mean_rank, strict=True)) if aggregated else None,
            }
        )
    else:
        names = [each.name for each in contenders]
        tables = [values_table(found, names), differences_table(found)]
        tables += [overall_table(aggregated)] if aggregated is not None else []
        typer.echo("\n".join(WRITERS[style](table) for table in tables), nl=False)
    if output is not None:
        path = output if output.suffix == ".html" else output / "comparison.html"
        title = {each.metric: _title(each, protocol) for each in found}
        write_comparison(path, "CheXGenBench", contenders, found, aggregated, _axes(found), lambda name: title[name])
        note(f"comparison: {path}")


def _expanded(metrics: Sequence[str] | None, results: Sequence[object]) -> list[str] | None:
    """Names as records have them: "kid" stands for every kid_ENCODER."""
    if metrics is None:
        return None
    known = list(dict.fromkeys(getattr(result, "metric") for result in results))  # noqa: B009
    chosen: list[str] = []
    for wanted in metrics:
        hits = [name for name in known if name == wanted or name.startswith(f"{wanted}_")]
        chosen += [name for name in hits or [wanted] if name not in chosen]
    return chosen


def _axes(found: Sequence[MetricComparison]) -> list[Axes]:
    def first(base: str) -> str | None:
        return next((each.metric for each in found if each.metric == base or each.metric.startswith(f"{base}_")), None)

    pairs = [(first(x), first(y)) for x, y in AXES]
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def _title(comparison: MetricComparison, protocol: str) -> str:
    for end in range(len(comparison.metric), 0, -1):
        try:
            metric = find(comparison.metric[:end], protocol)
        except KeyError:
            continue
        if metric is not None:
            return metric.display
    return comparison.metric
