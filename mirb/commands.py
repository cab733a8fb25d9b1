"""What the commands do; imported when one of them runs."""

from __future__ import annotations

from pathlib import Path

import typer

from data_splits.cli_support import emit_json, meter, note
from mirb import certifying
from mirb.plan import Plan, config_of, resolve
from mirb.readiness import check
from mirb.run_folder import RunConfig, RunFolder
from model_adapters.vlms import parse_vlm


def evaluate(config: RunConfig, output: Path | None, json: bool) -> None:
    """All three stages."""
    folder, plan = open_run(config, output)
    _answer(folder, plan)
    _score(folder, plan)
    _report(folder, plan, config.show_credentialed, json)


def answer(config: RunConfig, output: Path | None, json: bool) -> None:
    """Stage 1."""
    folder, plan = open_run(config, output)
    counts = _answer(folder, plan)
    if json:
        emit_json({"run": str(folder.root), "answers": counts})


def score(run: Path, json: bool) -> None:
    """Stage 2."""
    folder = RunFolder(run)
    _score(folder, resolve(config_of(folder)))
    if json:
        _emit_record(folder)


def report(run: Path, show_credentialed: bool, json: bool) -> None:
    """Stage 3."""
    folder = RunFolder(run)
    config = config_of(folder)
    _report(folder, resolve(config), show_credentialed or config.show_credentialed, json)


def export(run: Path, output: Path | None, show_credentialed: bool) -> None:
    """The run as an Inspect log."""
    from mirb import inspect_log

    folder = RunFolder(run)
    target = output or run / "inspect.eval"
    count = inspect_log.export(folder, resolve(config_of(folder)), target, show_credentialed=show_credentialed)
    note(f"export: {count} samples -> {target}")


def open_run(config: RunConfig, output: Path | None) -> tuple[RunFolder, Plan]:
    """The folder of a run, bound to its configuration, and what it asks.

    Raises:
        UserError: something is missing, or the folder holds another run.
    """
    plan = resolve(config, check(config))
    if config.certify is not None:
        certifying.require(config, plan.questions)
    folder = RunFolder(output or _default_output(config))
    folder.open(config)
    for warning in plan.split.warnings:
        note(f"warning: {warning}")
    note(
        f"{config.vlm} on {plan.split.name}: {len(plan.questions)} questions of {len(plan.tasks)} tasks, "
        f"protocol {plan.protocol.name} -> {folder.root}"
    )
    return folder, plan


def _default_output(config: RunConfig) -> Path:
    """A folder named after what is asked, so that repeating a command resumes it."""
    name = "-".join((parse_vlm(config.vlm)[0], config.split.partition(":")[0], config.protocol, config.hash[:8]))
    return Path("runs") / name


def _answer(folder: RunFolder, plan: Plan) -> dict[str, int]:
    from mirb.stages import answer as stage

    with meter("answer") as progress:
        found = stage.run(folder, plan, progress, note)
    note(f"answer: {found.answered} answered, {found.skipped} were there already")
    return dict(found.counts)


def _score(folder: RunFolder, plan: Plan) -> None:
    from mirb.stages import score as stage

    record = stage.run(folder, plan)
    note(f"score: {len(record.results)} results -> {folder.record}")


def _report(folder: RunFolder, plan: Plan, show_credentialed: bool, json: bool) -> None:
    from mirb.stages import report as stage

    path = stage.run(folder, plan, show_credentialed)
    if json:
        _emit_record(folder)
    else:
        _print_table(folder)
    note(f"report: {path}")


def _emit_record(folder: RunFolder) -> None:
    from leaderboards.records.io import read_record, record_hash

    record = read_record(folder.root)
    emit_json({"run": str(folder.root), "record_sha256": record_hash(record), "record": record.model_dump(mode="json")})


def _print_table(folder: RunFolder) -> None:
    """Overall, categories and tasks: accuracy with interval, chance, best constant answer, unparsed; in percent.

    Below it what is certified.
    """
    from leaderboards.records.io import read_record
    from leaderboards.reporting.record_tables import reading_table
    from leaderboards.reporting.tables import to_text

    record = read_record(folder.root)
    table = reading_table(record)
    typer.echo(f"{table.caption}\n\n{to_text(table)}", nl=False)
    for each in record.certificates:
        typer.echo(f"\n{certifying.words(each)}")
