"""`mirb ablate`: a run's questions, changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import typer

from data_splits.cli_support import emit_json, meter, note
from data_splits.errors import UserError
from leaderboards.records.io import record_hash
from leaderboards.reporting.tables import to_text
from mirb.ablations import ABLATIONS, Ablation, chosen
from mirb.ablations.tables import View, tables_of
from mirb.commands import open_run
from mirb.plan import Plan, config_of, resolve
from mirb.readiness import check
from mirb.run_folder import RunConfig, RunFolder

CUTS = ("tasks", "limit")
"""Options that choose among the questions of a run that is there already."""


def show(json: bool) -> None:
    """The ablations as a table or as JSON."""
    if json:
        emit_json([{"name": each.name, "kind": each.kind, "summary": each.summary} for each in ABLATIONS.values()])
        return
    for each in ABLATIONS.values():
        typer.echo(f"{each.name:<17} {each.summary}")


def run(
    configure: Callable[..., RunConfig],
    run_folder: Path | None,
    names: Sequence[str] | None,
    output: Path | None,
    given: Collection[str],
    json: bool,
) -> None:
    """Make the run where there is none, then its ablations.

    Args:
        configure: the configuration that the options say; arguments override options.
        run_folder: of a run that is there. given: options that the user wrote.
    """
    ablations = chosen(names)
    if run_folder is None:
        folder, whole = open_run(configure(), output)
        plan = whole
    else:
        folder, plan, whole = _existing(run_folder, configure, output, given)
    _ablate(folder, plan, whole, ablations, names, json)


def _existing(
    root: Path, configure: Callable[..., RunConfig], output: Path | None, given: Collection[str]
) -> tuple[RunFolder, Plan, Plan]:
    """The folder of a run, the questions to ask about, and all of the run."""
    if output is not None:
        raise UserError("Ablations are written into the run they belong to: leave out --output, or the run folder.")
    folder = RunFolder(root)
    held = config_of(folder)
    asked = configure() if "vlm" in given else configure(vlm=held.vlm)
    fields = {{"model_option": "model_options", "split_option": "split_options"}.get(name, name) for name in given}
    fixed = [name for name in RunConfig.model_fields if name in fields and name not in (*CUTS, *RunConfig.runtime)]
    fixed = [name for name in fixed if getattr(asked, name) != getattr(held, name)]
    if fixed:
        words = ", ".join("--" + name.replace("_options", "-option").replace("_", "-") for name in fixed)
        raise UserError(f"{words}: {root} has its own. Leave it out, or leave out the run folder to make a new run.")
    fresh = {name: getattr(asked, name) for name in RunConfig.runtime if name in fields}
    config = held.model_copy(update=fresh)
    split = check(config)
    whole = resolve(config, split)
    cuts = {name: getattr(asked, name) for name in CUTS if getattr(asked, name) is not None}
    plan = resolve(config.model_copy(update=cuts), whole.split)
    return folder, plan, whole


def _ablate(
    folder: RunFolder,
    plan: Plan,
    whole: Plan,
    ablations: Sequence[Ablation],
    names: Sequence[str] | None,
    json: bool,
) -> None:
    from mirb.stages import ablate, answer, report, score

    model = answer.build(whole)
    if not (folder.root / "report.html").exists():
        with meter("answer") as progress:
            answer.run(folder, whole, progress, note, model)
        score.run(folder, whole)
        report.run(folder, whole, whole.config.show_credentialed)
        note(f"eval: {folder.root / 'report.html'}")
    command = ["mirb", "ablate", str(folder.root), *(["--ablations", ",".join(names)] if names else [])]
    command += ["--tasks", ",".join(plan.config.tasks)] if plan.config.tasks != whole.config.tasks else []  # type: ignore[arg-type]
    command += ["--limit", str(plan.config.limit)] if plan.config.limit != whole.config.limit else []
    note(f"ablate: {len(plan.questions)} questions, {len(ablations)} ablations -> {folder.root / 'ablations'}")
    with meter("ablate") as progress:
        record, page = ablate.run(
            folder, plan, whole, ablations, command=command, model=model, progress=progress, say=note
        )
    if json:
        emit_json(
            {
                "run": str(folder.root),
                "record_sha256": record_hash(record),
                "record": record.model_dump(mode="json"),
            }
        )
    else:
        shown = tables_of(View(record)).values()
        typer.echo("\n".join(f"{table.caption}\n\n{to_text(table)}" for table in shown), nl=False)
    note(f"ablations: {page}")
