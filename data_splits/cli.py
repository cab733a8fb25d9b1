"""`data-splits`: list, build, verify and look at splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_splits.cli_support import emit_json, note, run, track
from data_splits.errors import UserError

if TYPE_CHECKING:
    from data_splits.case import Case
    from data_splits.question import QuestionSplit
    from data_splits.split import Split

app = typer.Typer(
    name="data-splits",
    help="Build, check and look at the splits that a benchmark asks about.",
    no_args_is_help=True,
    add_completion=False,
)

Spec = Annotated[str, typer.Argument(help="NAME or NAME:PATH, for example phantom or folder:cases.csv")]
Options = Annotated[
    list[str] | None, typer.Option("--option", "-o", help="KEY=VALUE for the source; may be given several times")
]
Json = Annotated[bool, typer.Option("--json", help="print JSON to stdout")]
Seed = Annotated[int | None, typer.Option("--seed", help="short for -o seed=N")]
PerTask = Annotated[int | None, typer.Option("--per-task", help="short for -o per_task=N (questions)")]
Tasks = Annotated[str | None, typer.Option("--tasks", help="short for -o tasks=NAME,NAME (questions)")]
Difficulty = Annotated[int | None, typer.Option("--difficulty", help="short for -o difficulty=1, 2 or 3 (questions)")]
Consent = Annotated[
    bool, typer.Option("--include-credentialed", help="write images or texts of credentialed data to a local file")
]


def main() -> None:
    """Entry point of the command `data-splits`."""
    run(app)


@app.command("list")
def list_splits(as_json: Json = False) -> None:
    """List the known splits, what each needs and where to get it."""
    from data_splits.sources.catalogue import QUESTION_SOURCES, SOURCES
    from data_splits.sources.registry import options_of

    if as_json:
        emit_json(
            [
                {
                    "name": info.name,
                    "kind": "questions" if info in QUESTION_SOURCES else "cases",
                    "summary": info.summary,
                    "licence": info.licence,
                    "credentialed": info.credentialed,
                    "needs": info.needs,
                    "obtain": info.obtain,
                    "example": info.example,
                    "variable": info.variable,
                    "configured": info.configured is not None,
                    "options": {key: _plain(value) for key, value in options_of(info.name).items()},
                }
                for info in (*SOURCES, *QUESTION_SOURCES)
            ]
        )
        return
    for info in (*SOURCES, *QUESTION_SOURCES):
        if info is QUESTION_SOURCES[0]:
            typer.echo("\nQuestions about several images (for `mirb`):")
        ready = "ready" if not info.needs else f"set by {info.variable}" if info.configured else "needs your data"
        typer.echo(f"{info.name}  [{ready}{', credentialed' if info.credentialed else ''}]\n  {info.summary}")
        if info.needs:
            typer.echo(f"  needs: {info.needs}\n  get it: {info.obtain}\n  use: --split {info.example}")
        options = ", ".join(f"{key}={_plain(value)}" for key, value in options_of(info.name).items())
        if options:
            typer.echo(f"  options: {options}")


@app.command()
def build(
    spec: Spec,
    output: Annotated[
        Path | None, typer.Option("--output", help="file of the manifest; for generated questions, the folder")
    ] = None,
    option: Options = None,
    seed: Seed = None,
    per_task: PerTask = None,
    tasks: Tasks = None,
    difficulty: Difficulty = None,
    materialise: Annotated[
        Path | None, typer.Option("--materialise", help="also write PNG files and a cases.csv into this folder")
    ] = None,
    include_credentialed: Consent = False,
    as_json: Json = False,
) -> None:
    """Write a split's manifest: ids, patients and hashes. The same data give the same bytes.

    Generated questions (mirb-procedural) are written as a folder with PNG files, questions.jsonl and manifest.json,
    by default below runs/.
    """
    given = _options(option, seed=seed, per_task=per_task, tasks=tasks, difficulty=difficulty)
    if _asks(spec):
        from data_splits import cli_questions

        if materialise is not None:
            raise UserError("--materialise is for cases; questions are built into the folder of --output.")
        cli_questions.build(_load_questions(spec, given), output, as_json)
        return
    if output is None:
        raise UserError("Say where the manifest goes: --output FILE.")
    split = _load(spec, given)
    split.manifest.write(output)
    done: dict[str, Any] = _about(split) | {"manifest": str(output)}
    if materialise is not None:
        from data_splits.materialise import materialise as write_images

        table = write_images(split, materialise, include_credentialed=include_credentialed, progress=_progress("build"))
        done["materialised"] = str(table)
    _report(done, as_json)


@app.command()
def verify(
    spec: Spec,
    option: Options = None,
    seed: Seed = None,
    per_task: PerTask = None,
    tasks: Tasks = None,
    difficulty: Difficulty = None,
    subset: Annotated[list[str] | None, typer.Option("--subset", help="only this subset or selection")] = None,
    manifest: Annotated[Path | None, typer.Option("--manifest", help="compare with this manifest")] = None,
    images: Annotated[bool, typer.Option("--images/--no-images", help="decode every image")] = True,
    as_json: Json = False,
) -> None:
    """Check ids, patients, every image and every stated hash; exit code 2 if anything is wrong."""
    from data_splits.manifest import SplitManifest
    from data_splits.verify import Verification, compare
    from data_splits.verify import verify as check

    given = _options(option, seed=seed, per_task=per_task, tasks=tasks, difficulty=difficulty)
    if _asks(spec):
        from data_splits import cli_questions

        cli_questions.verify(_load_questions(spec, given), manifest, images, as_json)
        return
    split = _load(spec, given)
    problems: list[str] = []
    if manifest is not None:
        problems += compare(split.manifest, SplitManifest.read(manifest))
    count = 0
    if images:
        read = check(split, subset or sorted(split.subsets), _progress("verify"))
        count = read.images
        problems += read.problems
    if as_json:
        emit_json(_about(split) | {"images_read": count, "problems": problems})
        raise typer.Exit(2 if problems else 0)
    Verification(count, tuple(problems)).raise_if_bad(split.name)
    _report(_about(split) | {"images_read": count, "problems": 0}, as_json=False)


@app.command()
def show(
    spec: Spec,
    option: Options = None,
    task: Annotated[str | None, typer.Option("--task", help="task of questions; a sheet for each where absent")] = None,
    seed: Seed = None,
    per_task: PerTask = None,
    difficulty: Difficulty = None,
    subset: Annotated[str | None, typer.Option("--subset", help="subset or selection")] = None,
    output: Annotated[Path, typer.Option("--output", help="PNG file")] = Path("contact-sheet.png"),
    count: Annotated[
        int | None, typer.Option("--count", min=1, max=400, help="number of images (24) or of questions (6)")
    ] = None,
    size: Annotated[int, typer.Option("--size", min=32, max=1024, help="pixels of a cell's side")] = 180,
    columns: Annotated[int, typer.Option("--columns", min=1, max=40, help="cells in a row")] = 6,
    include_credentialed: Consent = False,
    as_json: Json = False,
) -> None:
    """Draw a contact sheet as PNG: images of a subset, or questions of a task with their answers."""
    from data_splits.contact_sheet import contact_sheet
    from data_splits.integrity import atomic_write

    given = _options(option, seed=seed, per_task=per_task, difficulty=difficulty)
    if _asks(spec):
        from data_splits import cli_questions

        if task is not None and "tasks" not in given and ":" not in spec:
            given["tasks"] = task
        cli_questions.show(
            _load_questions(spec, given),
            task,
            output,
            count=count or 6,
            size=size,
            columns=columns,
            include_credentialed=include_credentialed,
            as_json=as_json,
        )
        return
    split = _load(spec, given)
    name = subset or split.evaluation
    sheet = contact_sheet(
        split, name, count=count or 24, size=size, columns=columns, include_credentialed=include_credentialed
    )
    with atomic_write(output) as stream:
        sheet.save(stream, "PNG")
    _report(_about(split) | {"subset": name, "sheet": str(output)}, as_json)


def _asks(spec: str) -> bool:
    """Whether a spec names questions rather than cases."""
    from data_splits.sources.registry import holds_questions

    return holds_questions(spec)


def _options(texts: list[str] | None, **short: Any) -> dict[str, Any]:
    """The options of a source, from -o KEY=VALUE and from the options of the command line that are short for some."""
    from data_splits.sources.registry import parse_option

    given: dict[str, Any] = {}
    pairs = [*map(parse_option, texts or ()), *((key, value) for key, value in short.items() if value is not None)]
    for key, value in pairs:
        if key in given:
            raise UserError(f"Option {key} is given twice.")
        given[key] = value
    return given


def _load(spec: str, given: dict[str, Any]) -> Split:
    from data_splits.sources import load_split

    split = load_split(spec, **given)
    for warning in split.warnings:
        note(f"warning: {warning}")
    return split


def _load_questions(spec: str, given: dict[str, Any]) -> QuestionSplit:
    from data_splits.sources import load_questions

    split = load_questions(spec, **given)
    for warning in split.warnings:
        note(f"warning: {warning}")
    return split


def _about(split: Split) -> dict[str, Any]:
    return {
        "name": split.name,
        "version": split.version,
        "licence": split.licence,
        "credentialed": split.credentialed,
        "counts": split.manifest.counts,
        "selections": {name: len(ids) for name, ids in sorted(split.selections.items())},
        "evaluation": split.evaluation,
        "hash": split.manifest.hash,
        "warnings": list(split.warnings),
    }


def _report(about: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit_json(about)
        return
    hidden = ("counts", "selections", "warnings")
    for name, count in about["counts"].items():
        typer.echo(f"{name}: {count['images']:,} images of {count['patients']:,} patients")
    for name, size in about["selections"].items():
        typer.echo(f"{name}: {size:,} images (selection)")
    for key, value in about.items():
        if key not in hidden:
            typer.echo(f"{key}: {value}")


def _progress(what: str) -> Any:
    def wrap(cases: Iterable[Case], total: int) -> Iterator[Case]:
        return track(cases, total, what)

    return wrap


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
