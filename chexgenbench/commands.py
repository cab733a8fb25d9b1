"""What the commands do; imported when one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from chexgenbench.plan import Plan, resolve
from chexgenbench.readiness import check, default_split
from chexgenbench.run_folder import RunConfig, RunFolder
from data_splits.cli_support import emit_json, meter, note, track
from model_adapters.generators import GENERATORS, parse_model
from model_adapters.inference.distributed import this_share

__all__ = ["default_device", "default_split", "evaluate", "extract", "generate", "list_metrics", "report", "score"]


def default_device(model: str) -> str:
    """ "cuda" if the model can use one that is there, else "cpu"."""
    card = GENERATORS.card(parse_model(model)[0])
    if card.source == "ships with this package":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def evaluate(config: RunConfig, output: Path | None, json: bool) -> None:
    """All four stages."""
    folder, plan = _open(config, output)
    _generate(folder, plan)
    _extract(folder, plan)
    _score(folder, plan)
    _report(folder, plan, json)


def generate(config: RunConfig, output: Path | None, json: bool) -> None:
    """Stage 1."""
    folder, plan = _open(config, output)
    counts = _generate(folder, plan)
    if json:
        emit_json({"run": str(folder.root), "samples": counts})


def extract(run: Path, json: bool) -> None:
    """Stage 2."""
    folder = RunFolder(run)
    facts = _extract(folder, resolve(folder.config()))
    if json:
        emit_json({"run": str(run), "encoders": {name: fact for name, fact in facts.items() if isinstance(fact, dict)}})


def score(run: Path, json: bool) -> None:
    """Stage 3."""
    folder = RunFolder(run)
    _score(folder, resolve(folder.config()))
    if json:
        _emit_record(folder)


def report(run: Path, json: bool) -> None:
    """Stage 4."""
    folder = RunFolder(run)
    _report(folder, resolve(folder.config()), json)


def list_metrics(json: bool, markdown: bool = False) -> None:
    """The registry as a table, as JSON or as the reference page."""
    if markdown:
        from chexgenbench.metrics import reference_page

        typer.echo(reference_page.markdown(), nl=False)
        return
    from chexgenbench.metrics.listing import rows

    found = rows()
    if json:
        emit_json(found)
        return
    for family in dict.fromkeys(row["family"] for row in found):
        typer.echo(family)
        for row in found:
            if row["family"] == family:
                facts = f"{row['direction']} is better; protocols {', '.join(row['protocols'])}"
                typer.echo(f"  {row['name']:<18} {facts}; needs {', '.join(row['needs']) or 'images alone'}")
                typer.echo(f"  {'':<18} {row['summary']}")
    typer.echo("\nReported as NAME_ENCODER, such as kid_lite0. --json adds source, cost, estimator and quirks of v1.")


def _open(config: RunConfig, output: Path | None) -> tuple[RunFolder, Plan]:
    plan = resolve(config, check(config))
    folder = RunFolder(output or _default_output(config))
    share = this_share()
    with share.main_first():
        folder.open(config)
    if not share.main:
        return folder, plan
    for warning in plan.split.warnings:
        note(f"warning: {warning}")
    note(
        f"{config.model} on {plan.split.name} ({plan.subset}): {len(plan.cases)} cases, protocol {plan.protocol.name} "
        f"({plan.protocol.preset}), encoders {', '.join(plan.protocol.encoders) or 'none'} -> {folder.root}"
    )
    return folder, plan


def _default_output(config: RunConfig) -> Path:
    """A folder named after what is asked, so that repeating a command resumes it."""
    name = "-".join(
        (parse_model(config.model)[0], config.split.partition(":")[0], config.protocol, config.preset, config.hash[:8])
    )
    return Path("runs") / name


def _generate(folder: RunFolder, plan: Plan) -> dict[str, int]:
    from chexgenbench.stages import generate as stage

    with meter("generate") as progress:
        found = stage.run(folder, plan, progress)
    if not this_share().main:
        raise SystemExit(0)  # the first process goes on
    note(f"generate: {found.drawn} drawn, {found.skipped} were there already")
    return dict(found.counts)


def _extract(folder: RunFolder, plan: Plan) -> dict[str, Any]:
    from chexgenbench.stages import extract as stage

    facts = stage.run(folder, plan, meter)
    for name in plan.protocol.encoders:
        note(f"extract: {facts[name]['computed']} new features of {name}, {facts[name]['requested']} images in all")
    return facts


def _score(folder: RunFolder, plan: Plan) -> None:
    from chexgenbench.stages import score as stage

    record = stage.run(folder, plan, lambda items: track(items, description="score"))
    note(f"score: {len(record.results)} results -> {folder.record}")


def _report(folder: RunFolder, plan: Plan, json: bool) -> None:
    from chexgenbench.stages import report as stage

    path = stage.run(folder, plan)
    if json:
        _emit_record(folder)
    else:
        _print_headline(folder)
    note(f"report: {path}")


def _emit_record(folder: RunFolder) -> None:
    from leaderboards.records.io import read_record, record_hash

    record = read_record(folder.root)
    emit_json({"run": str(folder.root), "record_sha256": record_hash(record), "record": record.model_dump(mode="json")})


def _print_headline(folder: RunFolder) -> None:
    """The overall numbers as a table; intervals of bias-corrected values show the value they belong to."""
    from rich.console import Console
    from rich.table import Table

    from leaderboards.records.io import read_record
    from leaderboards.reporting.numbers import ARROWS

    overall = [each for each in read_record(folder.root).results if each.group == "overall"]
    floors = {each.metric: each for each in overall if each.variant == "floor"}
    table = Table(title="Overall")
    table.add_column("metric", no_wrap=True)
    for name in ("better", "value", "95 % interval", "real images"):
        table.add_column(name, justify="right")
    for result in overall:
        if result.variant != "raw":
            continue
        interval = ""
        if result.low is not None and result.high is not None:
            centre = result.extra.get("bias_corrected")
            corrected = "" if centre is None else f"{centre:.3g}: "
            interval = f"{corrected}{result.low:.3g} to {result.high:.3g}"
        floor = floors.get(result.metric)
        table.add_row(
            result.metric,
            ARROWS[result.direction],
            "undefined" if result.value is None else f"{result.value:.4g}",
            interval or "none",
            "" if floor is None or floor.value is None else f"{floor.value:.4g}",
        )
    Console().print(table)
    note("An interval after a number and a colon belongs to that bias-corrected number. The report has the reasons.")
