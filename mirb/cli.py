"""The `mirb` command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from data_splits import cli_support

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Score vision-language models on questions that need several images at once.\n\n"
    "So far this lists the tasks; `mirb eval` is being built.",
)


@app.callback()
def _group() -> None:
    """Keep `tasks` a subcommand although it is the only one."""


@app.command()
def tasks(json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")] = False) -> None:
    """List the eleven tasks with category and answer form."""
    from mirb.tasks import TASKS

    if json:
        cli_support.emit_json([{"name": t.name, "category": t.category} for t in TASKS])
        return
    for task in TASKS:
        typer.echo(f"{task.name:<13} {task.category:<11} {task.answer:<7} {task.asks}")


def main() -> Any:
    """Entry point."""
    cli_support.run(app)
