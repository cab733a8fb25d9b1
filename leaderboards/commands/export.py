"""`leaderboards export`: a run in the forms that others read."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from data_splits.cli_support import emit_json, note


class Format(StrEnum):
    """What is written."""

    hub = "hub"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


ENDINGS = {Format.csv: "results.csv", Format.markdown: "results.md", Format.latex: "results.tex"}


def export(
    run_folder: Annotated[
        Path, typer.Argument(help="A run folder: what `eval --output` wrote, with record.json in it.")
    ],
    style: Annotated[Format, typer.Option("--format", help="hub: a model card and evaluation results to push.")],
    output: Annotated[
        Path | None, typer.Option(help="Folder to write into. Tables are printed without it; hub writes RUN/hub.")
    ] = None,
    group: Annotated[str, typer.Option(help='Of markdown and latex: one group, or "all".')] = "overall",
    dataset: Annotated[
        str | None, typer.Option(help="Of hub: the registered benchmark's data set, owner/name, for .eval_results.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Of hub: https address of the record or its report.")] = None,
    json: Annotated[bool, typer.Option("--json", help="List the files written as JSON.")] = False,
) -> None:
    """Write a record's results for the hub, a spreadsheet, a page or a paper.

    Nothing is uploaded. Texts of the record are escaped, and none runs as a formula, as HTML or as LaTeX.
    """
    from data_splits.errors import UserError
    from data_splits.integrity import sha256_file, write_text
    from leaderboards.export.hub import hub_files
    from leaderboards.records.io import RECORD_FILE, read_record, recorded_hash
    from leaderboards.reporting import tables
    from leaderboards.reporting.record_tables import flat_table, reading_table

    record = read_record(run_folder)
    promised = recorded_hash(run_folder)
    if promised is not None and promised != sha256_file(run_folder / RECORD_FILE):
        raise UserError(
            f"{run_folder}/{RECORD_FILE} was changed since it was written. Run `leaderboards verify` first."
        )
    if style is not Format.hub and (dataset or source):
        raise UserError("--dataset and --source belong to --format hub.")
    if style is Format.hub:
        files = hub_files(record, dataset, source)
        output = output or run_folder / "hub"
    elif style is Format.csv:
        files = {ENDINGS[style]: tables.to_csv(flat_table(record))}
    else:
        known = dict.fromkeys(result.group for result in record.results)
        if group != "all" and group not in known:
            raise UserError(f"No group {group!r} in this record; it has {', '.join([*known][:5])}.")
        write = tables.to_markdown if style is Format.markdown else tables.to_latex
        files = {ENDINGS[style]: write(reading_table(record, group))}
    if output is None:
        typer.echo("".join(files.values()), nl=False)
        return
    for name, text in files.items():
        write_text(output / name, text)
    if json:
        emit_json({"folder": str(output), "files": sorted(files)})
        return
    for name in files:
        note(f"wrote {output / name}")
    if style is Format.hub:
        note(f"Push them: hf upload OWNER/MODEL {shlex.quote(str(output))} . (or merge the model-index by hand).")
        if dataset is None:
            note("Name the benchmark's data set with --dataset owner/name to write .eval_results as well.")
