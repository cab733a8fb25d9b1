"""`leaderboards build` and `leaderboards serve`: from records to tables, from tables to a page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_splits.cli_support import emit_json, note, track

if TYPE_CHECKING:
    from leaderboards.library.library import Library

Results = Annotated[
    list[Path] | None,
    typer.Option("--results", "-r", help="Folder of your own run folders, or a results library; may be repeated."),
]
Public = Annotated[bool, typer.Option("--public/--no-public", help="The results that ship with the package.")]


def build(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the Parquet tables.")],
    results: Results = None,
    public: Public = True,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Recompute records, compare models, and write every table of the board; only what changed is computed again.

    Exit code 1 if a record's numbers do not follow from its statistics: it is named, and on no table.
    """
    from leaderboards.boards.build import build as make

    built = make(_libraries(results, public), output, _progress)
    if json:
        emit_json({"output": str(output), **built._asdict()})
    else:
        for digest, lines in built.left_out.items():
            typer.echo(f"left out: record {digest[:16]}: {lines[0]}")
        rows = built.rows
        note(
            f"{rows['models']} records in {rows['cohorts']} tables of one protocol and split each, {rows['results']} "
            f"numbers, {rows['pairs']} pairs ({built.computed} computed now), {rows['published']} published numbers."
        )
        note(f"board: {output}")
    if built.left_out:
        raise typer.Exit(1)


def serve(
    results: Results = None,
    public: Public = True,
    board: Annotated[Path | None, typer.Option(help="Tables of `leaderboards build`; otherwise made now.")] = None,
    host: Annotated[str, typer.Option(help="Address to answer at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to answer at.")] = 7860,
) -> None:
    """Show the board in a browser, your own results beside the public ones. Nothing is sent or fetched anywhere."""
    from data_splits.errors import UserError
    from leaderboards.app.server import require_free, require_gradio

    require_gradio()
    if board is not None and results:
        raise UserError("--board holds tables that are made already: give either --board or --results.")
    require_free(host, port)
    folder = board if board is not None else prepare(results, public)
    from leaderboards.app.server import serve as answer
    from leaderboards.boards.board import Board

    held = Board.read(folder)
    note(f"The board is at http://{host}:{port} (stop with Ctrl-C)")
    answer(held, host, port)


def prepare(results: Sequence[Path] | None, public: bool = True) -> Path:
    """The folder of up-to-date tables for these results in the user's cache; built where something changed."""
    from data_splits.integrity import content_hash
    from leaderboards.boards.build import build as make
    from leaderboards.boards.build import fresh

    libraries = _libraries(results, public)
    roots = [[str(library.root.resolve()), origin] for library, origin in libraries]
    cache = Path(os.environ.get("CHEXGENBENCH_CACHE") or Path.home() / ".cache" / "chexgenbench").expanduser()
    folder = cache / "boards" / content_hash(roots)[:16]
    if not fresh(libraries, folder):
        built = make(libraries, folder, _progress)
        for digest, lines in built.left_out.items():
            note(f"left out: record {digest[:16]}: {lines[0]}")
    return folder


def _libraries(results: Sequence[Path] | None, public: bool) -> list[tuple[Library, str]]:
    from leaderboards.library.library import Library
    from leaderboards.library.methods import method_folders

    found = [(Library.public(), "public")] if public else []
    for path in results or ():
        library = Library(path)
        if not library.folders() and not method_folders(path):
            note(f"{path} holds no record.json, nor does a folder right below it: nothing of it is on the board.")
        found.append((library, "private"))
    return found


def _progress(items: Sequence[Any], what: str) -> Iterable[Any]:
    return track(items, description=what) if items else items
