"""What `mirb tasks`, `mirb protocols` and `mirb published` print."""

from __future__ import annotations

from dataclasses import asdict

import typer

from data_splits.cli_support import emit_json


def tasks(json: bool) -> None:
    """The tasks as a table or as JSON."""
    from mirb.tasks import EXTRA_TASKS, TASKS

    if json:
        emit_json([asdict(task) for task in (*TASKS, *EXTRA_TASKS)])
        return
    for task in (*TASKS, *EXTRA_TASKS):
        typer.echo(f"{task.name:<13} {task.category:<11} {task.answer:<8} {task.images:<11} {task.asks}")
    typer.echo("\nThe score is the mean of the four category means; a task of category 'extra' is outside it.")


def protocols(json: bool) -> None:
    """The protocols as text or as JSON."""
    from mirb.protocols import PROTOCOLS

    if json:
        emit_json(
            [
                {
                    "name": each.name,
                    "summary": each.summary,
                    "prompt": each.prompt,
                    "max_new_tokens": each.max_new_tokens,
                    "letters": list(each.letters),
                    "scorer": each.scorer.summary,
                    "average": each.average,
                    "quirks": list(each.quirks),
                    "not_imitated": list(each.not_imitated),
                    "hash": each.hash,
                }
                for each in PROTOCOLS.values()
            ]
        )
        return
    for each in PROTOCOLS.values():
        typer.echo(f"{each.name}: {each.summary}")
        typer.echo(f"  prompt   {each.prompt}")
        typer.echo(f"  scorer   {each.scorer.summary}")
        typer.echo(f"  average  {each.average}")
        for quirk in each.quirks:
            typer.echo(f"  quirk    {quirk}")
        for detail in each.not_imitated:
            typer.echo(f"  not imitated  {detail}")
    typer.echo("\nNumbers of different protocols never share a table.")


def published(json: bool) -> None:
    """The published table with its flags."""
    from leaderboards.reference.mirb import load, table
    from leaderboards.reporting.tables import to_text

    reference = load()
    if json:
        emit_json(reference.model_dump(mode="json"))
        return
    typer.echo("As published by the authors of MIRB, in percent\n")
    typer.echo(to_text(table(reference, "published")), nl=False)
    typer.echo("\nPrinted by others: unverified, asked and scored in other ways, no interval\n")
    typer.echo(to_text(table(reference, "third-party")), nl=False)
    typer.echo("")
    for name, text in reference.flags.items():
        typer.echo(f"[{name}] {text}")
    typer.echo(f"\nSource: {reference.source}. Protocol as published: beside numbers of protocol 'official' at best.")
