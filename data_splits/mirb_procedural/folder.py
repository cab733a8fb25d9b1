"""A built folder: PNG files, questions.jsonl with gold and evidence, manifest.json with every hash."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_splits.errors import ImageUnreadable, UserError
from data_splits.images.colour import read_colour
from data_splits.integrity import canonical_json, disk_error, write_text
from data_splits.lazy_hashes import LazyHashes
from data_splits.mirb_procedural.png import encode
from data_splits.mirb_procedural.tasks import pixel_hash
from data_splits.question import ColourImage, Question, QuestionSplit
from data_splits.question_manifest import question_hash, read_manifest, to_manifest, write_manifest
from data_splits.sources.tables import refuse

FIELDS = ("id", "task", "question", "answer", "images", "choices", "cluster", "text_question", "evidence")
Progress = Callable[[Iterable[Question], int], Iterator[Question]]


def write_folder(split: QuestionSplit, folder: Path, progress: Progress | None = None) -> Path:
    """Write a generated split. The same split gives the same bytes on every machine.

    A file that is already there is written again only if it differs. `manifest.json` comes last, so a folder without
    one is unfinished.

    Returns:
        the path of manifest.json.

    Raises:
        UserError: the folder holds something else.
    """
    _clear(split, folder)
    lines, hashes = [], {}
    for question in progress(split.questions, len(split.questions)) if progress else split.questions:
        for number, key in enumerate(question.images):
            pixels = split.read_image(key)
            hashes[key] = pixel_hash(pixels)
            _write(folder / image_name(question, number), encode(pixels))
        lines.append(canonical_json(_record(question)))
    write_text(folder / "questions.jsonl", "".join(line + "\n" for line in lines))
    write_manifest(folder / "manifest.json", to_manifest(replace(split, image_hashes=hashes)))
    return folder / "manifest.json"


def image_name(question: Question, number: int) -> str:
    """Where an image lies below the folder, for example "images/count/count-s7-0003.1.png"."""
    return f"images/{question.task}/{question.id}.{number}.png"


def read_folder(folder: Path) -> QuestionSplit:
    """A built folder as the split it was built from: same questions, same hash. Images are checked when read.

    Raises:
        UserError: unfinished, of another version, or with changed questions or missing images: all of it at once.
    """
    manifest = read_manifest(folder / "manifest.json")
    problems: list[str] = []
    questions = _questions(folder / "questions.jsonl", problems)
    stated = {entry["id"]: entry for entry in manifest["questions"]}
    problems += [f"{question.id}: not in manifest.json" for question in questions if question.id not in stated]
    problems += sorted(f"{name}: not in questions.jsonl" for name in stated.keys() - {one.id for one in questions})
    hashes: dict[str, str] = {}
    files: dict[str, Path] = {}
    for question in questions:
        entry = stated.get(question.id)
        if entry is None:
            continue
        if question_hash(question) != entry["sha256"] or len(question.images) != len(entry["images"]):
            problems.append(f"{question.id}: its text is not the one that was built")
            continue
        for number, (key, sha256) in enumerate(zip(question.images, entry["images"], strict=True)):
            hashes[key], files[key] = sha256, folder / image_name(question, number)
            if not files[key].is_file():
                problems.append(f"{image_name(question, number)}: missing")
    refuse(folder, "problem(s)", problems)

    def read(key: str) -> ColourImage:
        pixels = read_colour(files[key])
        if pixel_hash(pixels) != hashes[key]:
            raise ImageUnreadable(f"Image file {files[key]} is not the one that was built: its pixels differ.")
        return pixels

    return QuestionSplit(
        name=manifest["name"],
        version=manifest["version"],
        licence=manifest["licence"],
        credentialed=False,
        questions=tuple(questions),
        read_image=read,
        image_hashes=LazyHashes(hashes, hashes.__getitem__),
        options=manifest["options"],
        stand_ins=tuple(manifest["stand_ins"]),
    )


def _clear(split: QuestionSplit, folder: Path) -> None:
    """Refuse a folder with other files; drop what another build of this kind left there."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{folder} is a file. Choose another folder with --output.")
    strange = [
        path.name for path in folder.iterdir() if path.name not in ("images", "questions.jsonl", "manifest.json")
    ]
    if strange:
        raise UserError(f"{folder} holds other files ({strange[0]}). Choose another folder with --output.")
    (folder / "manifest.json").unlink(missing_ok=True)
    ours = {folder / image_name(one, number) for one in split.questions for number in range(len(one.images))}
    for path in (folder / "images").glob("*/*.png"):
        if path not in ours:
            path.unlink()


def _write(path: Path, data: bytes) -> None:
    """Write an image. Thousands of flushes to disk would take minutes; the manifest, which comes last, is flushed."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise disk_error(error, path) from error


def _record(question: Question) -> dict[str, Any]:
    return {name: getattr(question, name) for name in FIELDS}


def _questions(path: Path, problems: list[str]) -> list[Question]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        problems.append(f"{path.name}: {error}")
        return []
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            record["images"], record["choices"] = tuple(record["images"]), tuple(record["choices"])
            found.append(Question(**record))
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f"{path.name}, line {number}: {error}")
    return found
