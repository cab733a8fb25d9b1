"""`leaderboards`: check and show result records. Needs no torch, no images and no model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from data_splits.cli_support import emit_json, note, run
from leaderboards.commands.board import build, serve
from leaderboards.commands.certify import certify, verify_certificate
from leaderboards.commands.export import export
from leaderboards.commands.published import published
from leaderboards.commands.submissions import publish_method, submit, validate

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Check and show results of chexgenbench and mirb. Every number is recomputed from the record's statistics.",
)

Run = Annotated[Path, typer.Argument(help="A run folder: what `eval --output` wrote, with record.json in it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class Format(StrEnum):
    """How `show` prints."""

    text = "text"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


@app.command()
def verify(run_folder: Run, json: AsJson = False) -> None:
    """Recompute every number of a record from its stored statistics; exit code 1 if one does not agree."""
    from leaderboards.records.recompute import check_run

    check = check_run(run_folder)
    if json:
        emit_json(
            {
                "ok": not check.discrepancies,
                "recomputed": check.recomputed,
                "undefined": check.undefined,
                "without_statistics": list(check.without_statistics),
                "discrepancies": [_plain(found) for found in check.discrepancies],
            }
        )
    else:
        for found in check.discrepancies:
            typer.echo(str(found))
        held = len(check.without_statistics)
        unsupported = f" {held} value(s) have no stored statistics and rest on the record alone." if held else ""
        verdict = f"{len(check.discrepancies)} discrepancies." if check.discrepancies else "All agree."
        if not check.discrepancies and not check.recomputed:
            verdict = "Nothing could be recomputed."
        note(
            f"{check.recomputed} results recomputed, {check.undefined} undefined with a reason.{unsupported} {verdict}"
        )
    if check.discrepancies:
        raise typer.Exit(1)


@app.command()
def show(
    run_folder: Run,
    json: AsJson = False,
    style: Annotated[Format, typer.Option("--format", help="csv holds every result at full precision.")] = Format.text,
    group: Annotated[str, typer.Option(help='One group, such as "pathology=Edema", or "all".')] = "overall",
) -> None:
    """Print a record's results with intervals, floors and reasons."""
    from data_splits.errors import UserError
    from leaderboards.records.io import read_record
    from leaderboards.reporting import tables
    from leaderboards.reporting.record_tables import flat_table, reading_table

    record = read_record(run_folder)
    known = dict.fromkeys(result.group for result in record.results)
    if group != "all" and group not in known:
        from difflib import get_close_matches

        near = get_close_matches(group, known, n=1, cutoff=0.3)
        raise UserError(f"No group {group!r} in this record" + (f"; did you mean {near[0]}?" if near else "."))
    if json:
        data = record.model_dump(mode="json")
        data["results"] = [result for result in data["results"] if group in ("all", result["group"])]
        emit_json(data)
        return
    writers = {Format.text: tables.to_text, Format.markdown: tables.to_markdown, Format.latex: tables.to_latex}
    if style is Format.csv:
        typer.echo(tables.to_csv(flat_table(record)), nl=False)
    else:
        typer.echo(writers[style](reading_table(record, group)), nl=False)


app.command()(build)
app.command()(certify)
app.command()(serve)
app.command()(export)
app.command()(published)
app.command()(submit)
app.command()(validate)
app.command("publish-method")(publish_method)
app.command("verify-certificate")(verify_certificate)


def _plain(found: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found)


def main() -> None:
    """Entry point of the `leaderboards` command."""
    run(app)


if __name__ == "__main__":
    main()
