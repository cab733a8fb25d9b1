"""`python -m chexgenbench.controls`: run the study and print docs/controls.md; exit code 1 if a cell does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data_splits import cli_support


def main(
    seeds: Annotated[int, typer.Option(help="Cohorts.")] = 20,
    first: Annotated[int, typer.Option(help="Seed of the first cohort.")] = 300,
    folder: Annotated[Path, typer.Option(help="Where the runs are kept; a repeated study goes on.")] = Path(
        "runs/controls"
    ),
    counts: Annotated[list[Path] | None, typer.Option(help="Add up these counts instead of running.")] = None,
) -> None:
    """Run every control on phantom cohorts, keep the counts in FOLDER, and print the page."""
    from chexgenbench.controls.page import failures, markdown, read_counts, write_counts
    from chexgenbench.controls.study import study

    if counts:
        found = read_counts(counts)
    else:
        found = study(range(first, first + seeds), folder, tell=cli_support.note)
        write_counts(folder / f"counts-{first}-{seeds}.json", found)
    runs = max(each.runs for each in found.values())
    typer.echo(markdown(found, runs), nl=False)
    for line in failures(found):
        cli_support.note(line)
    if failures(found):
        raise typer.Exit(1)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(main)
    cli_support.run(app)
