"""What `data-splits` does for splits of questions: build, verify, show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from data_splits.cli_support import emit_json, track
from data_splits.errors import UserError
from data_splits.question import QuestionSplit


def about(split: QuestionSplit) -> dict[str, Any]:
    """What is said about a split; computing its hash reads every image."""
    return {
        "name": split.name,
        "version": split.version,
        "licence": split.licence,
        "credentialed": split.credentialed,
        "options": dict(split.options),
        "counts": {task: len(split.of(task)) for task in split.tasks},
        "stand_ins": list(split.stand_ins),
        "warnings": list(split.warnings),
    }


def build(split: QuestionSplit, output: Path | None, as_json: bool) -> None:
    """Write a folder (generated questions) or a manifest (the user's own copy, which is never copied)."""
    from data_splits.question_manifest import read_manifest, to_manifest, write_manifest
    from data_splits.sources import describe

    if describe(split.name).needs:
        path = output or Path("runs") / f"{split.name}.manifest.json"
        write_manifest(path, to_manifest(split))
    else:
        from data_splits.mirb_procedural.folder import write_folder

        folder = output or Path("runs") / default_name(split)
        path = write_folder(split, folder, lambda items, total: track(items, total, "build"))
    done = about(split) | {"manifest": str(path), "hash": read_manifest(path)["hash"]}
    if not describe(split.name).needs:
        done["load"] = f"{split.name}:{path.parent}"
    report(done, as_json)


def default_name(split: QuestionSplit) -> str:
    """A folder name that says what was built, for example "mirb-procedural-seed7-50"."""
    parts = [split.name, f"seed{split.options['seed']}", str(split.options["per_task"])]
    parts += [f"level{split.options['difficulty']}"] if "difficulty" in split.options else []
    parts += [str(split.options["tasks"]).replace(",", "+")] if "tasks" in split.options else []
    return "-".join(parts)


def verify(split: QuestionSplit, manifest: Path | None, images: bool, as_json: bool) -> None:
    """Read every image, compare with a manifest where one is given; exit code 2 if anything is wrong."""
    from data_splits.question_manifest import differences, read_manifest, to_manifest
    from data_splits.verify import Verification

    problems: list[str] = []
    keys = list(dict.fromkeys(key for question in split.questions for key in question.images)) if images else []
    for key in track(keys, len(keys), "verify"):
        try:
            split.read_image(key)
        except UserError as error:
            problems.append(f"{key}: {error}")
    if manifest is not None:
        problems += differences(to_manifest(split), read_manifest(manifest))
    if as_json:
        emit_json(about(split) | {"images_read": len(keys), "problems": problems})
        raise typer.Exit(2 if problems else 0)
    Verification(len(keys), tuple(problems)).raise_if_bad(split.name)
    report(about(split) | {"images_read": len(keys), "problems": 0}, as_json=False)


def show(
    split: QuestionSplit,
    task: str | None,
    output: Path,
    *,
    count: int,
    size: int,
    columns: int,
    include_credentialed: bool,
    as_json: bool,
) -> None:
    """Draw a contact sheet of one task into `output`; or one question of each there, and each task in NAME-TASK.png."""
    from data_splits.integrity import atomic_write
    from data_splits.question_sheet import question_sheet

    if task is not None and task not in split.tasks:
        raise UserError(f"Split {split.name} has no task {task!r}; it has {', '.join(split.tasks)}.")
    sheets: dict[str | None, Path] = {task: output}
    if task is None:
        sheets |= {name: output.with_name(f"{output.stem}-{name}{output.suffix or '.png'}") for name in split.tasks}
    for name, path in sheets.items():
        sheet = question_sheet(
            split, name, count=count, size=size, columns=columns, include_credentialed=include_credentialed
        )
        with atomic_write(path) as stream:
            sheet.save(stream, "PNG")
    report(about(split) | {"sheets": {name or "each task": str(path) for name, path in sheets.items()}}, as_json)


def report(done: dict[str, Any], as_json: bool) -> None:
    """Print what was done as lines or JSON."""
    if as_json:
        emit_json(done)
        return
    for task, count in done["counts"].items():
        typer.echo(f"{task}: {count:,} questions" + (" (stand-in)" if task in done["stand_ins"] else ""))
    for key, value in done.items():
        if key == "sheets":
            for task, path in value.items():
                typer.echo(f"sheet of {task}: {path}")
        elif key not in ("counts", "stand_ins", "warnings"):
            typer.echo(f"{key}: {value}")
