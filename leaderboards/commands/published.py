"""`leaderboards published`: what was printed elsewhere, and what is wrong with it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_splits.cli_support import emit_json, note

if TYPE_CHECKING:
    from leaderboards.reference.schema import PublishedTable


class Format(StrEnum):
    """How tables are printed."""

    text = "text"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


class Benchmark(StrEnum):
    """Whose tables."""

    chexgenbench = "chexgenbench"
    mirb = "mirb"
    methods = "methods"


def published(
    benchmark: Annotated[Benchmark | None, typer.Option(help="All tables of one benchmark, or of the methods.")] = None,
    table: Annotated[str | None, typer.Option(help='One table, such as "cgb-privacy"; without it, a list.')] = None,
    style: Annotated[Format, typer.Option("--format", help="csv is one printed number a row.")] = Format.text,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show numbers that others published, each with source, evidence tag and known defects.

    They carry no interval and follow other protocols: they never share a table with numbers of this suite.
    """
    from leaderboards.reference import published as reference
    from leaderboards.reference.reading import flat_table, index_table, reading_table
    from leaderboards.reporting import tables

    chosen = (reference.table(table),) if table is not None else reference.tables()
    if benchmark is not None:
        chosen = tuple(each for each in chosen if each.benchmark == benchmark.value)
        if not chosen:
            from data_splits.errors import UserError

            raise UserError(f"Table {table} is not one of {benchmark.value}; leave out --benchmark.")
    if json:
        emit_json([_plain(each) for each in chosen])
    elif style is Format.csv:
        typer.echo(tables.to_csv(flat_table(chosen)), nl=False)
    elif style is Format.text and table is None and benchmark is None:
        typer.echo(tables.to_text(index_table(chosen)), nl=False)
        note("One table: leaderboards published --table ID. Several: --benchmark NAME.")
    else:
        write = {Format.text: tables.to_text, Format.markdown: tables.to_markdown, Format.latex: tables.to_latex}[style]
        shown = [reading_table(each) for each in chosen]
        head = {Format.text: "{}\n\n", Format.markdown: "### {}\n\n", Format.latex: ""}[style]
        typer.echo("\n".join(head.format(each.caption) + write(each) for each in shown), nl=False)


def _plain(table: PublishedTable) -> dict[str, Any]:
    """The table as plain data, numbers beside the texts they were printed as."""
    data = table.model_dump(mode="json")
    for row, plain in zip(table.rows, data["rows"], strict=True):
        plain["values"] = row.values
    return data
