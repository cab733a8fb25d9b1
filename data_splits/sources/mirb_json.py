"""MIRB as a folder: one JSON file a task, image files under `images/`."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from data_splits.images.colour import read_colour
from data_splits.integrity import sha256_file
from data_splits.lazy_hashes import LazyHashes
from data_splits.question import ColourImage
from data_splits.sources.files import missing_files
from data_splits.sources.mirb_answers import CONCATS, TEXTS
from data_splits.sources.mirb_rows import Found, Row, listed, task_named, unknown_task


def read_folder(root: Path) -> Found:
    """Everything in a folder of JSON files; nothing is raised, what is wrong is listed.

    A record holds `questions` (text), `answers` (text or whole number) and `images` (paths relative to the folder).
    """
    found = Found()
    sources: dict[str, str] = {}
    for path in sorted(root.glob("*.json")):
        name = path.stem
        if name in CONCATS:
            found.concats.append(name)
            continue
        task = TEXTS.get(name) or task_named(name)
        if task is None:
            found.problems.append(unknown_task(path.name, name))
            continue
        role = f"text of {task}" if name in TEXTS else task
        if role in sources:
            found.problems.append(f"{path.name}: {sources[role]} holds the same task; keep one of them")
            continue
        sources[role] = path.name
        records = _records(path, found.problems)
        if name in TEXTS:
            found.texts[task] = [(record["questions"], record["answers"]) for _, record in records]
        else:
            found.rows += _rows(root, path, task, records, found.problems)
    keys = list(dict.fromkeys(key for row in found.rows for key in row.images))
    found.shared = {key: key for key in keys}
    found.hashes = LazyHashes(keys, lambda key: sha256_file(root / key))

    def read(key: str) -> ColourImage:
        return read_colour(root / key)

    found.read_image = read
    return found


def _records(path: Path, problems: list[str]) -> list[tuple[int, dict[str, Any]]]:
    """The well-formed records of a file with their numbers, from 1."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        problems.append(f"{path.name}: not readable as JSON ({error})")
        return []
    if not isinstance(data, list):
        problems.append(f"{path.name}: holds {type(data).__name__}, not a list of records")
        return []
    good, bad = [], []
    for number, record in enumerate(data, start=1):
        lacks = _lacking(record)
        if lacks:
            bad.append(f"record {number} ({lacks})")
        else:
            good.append((number, record))
    problems += listed(path.name, "broken record(s)", bad)
    if not data:
        problems.append(f"{path.name}: holds no records")
    return good


def _lacking(record: object) -> str:
    if not isinstance(record, dict):
        return "not an object"
    absent = [key for key in ("questions", "answers", "images") if key not in record]
    if absent:
        return "no " + ", ".join(absent)
    if not isinstance(record["questions"], str) or not record["questions"].strip():
        return "no question text"
    images = record["images"]
    if not isinstance(images, str) and not (isinstance(images, list) and all(isinstance(name, str) for name in images)):
        return "images is no list of paths"
    return ""


def _rows(
    root: Path, path: Path, task: str, records: list[tuple[int, dict[str, Any]]], problems: list[str]
) -> list[Row]:
    rows, empty, outside = [], [], []
    for number, record in records:
        images = [record["images"]] if isinstance(record["images"], str) else record["images"]
        plain = [PurePosixPath(name.replace("\\", "/")) for name in images]
        if not images:
            empty.append(f"record {number}")
        outside += [str(name) for name in plain if name.is_absolute() or ".." in name.parts]
        where = f"{path.name}, record {number}"
        rows.append(Row(where, task, record["questions"], record["answers"], tuple(map(str, plain))))
    problems += listed(path.name, "record(s) without images", empty)
    problems += listed(path.name, "image path(s) that leave the folder", outside)
    names = [name for row in rows for name in row.images if name not in outside]
    problems += listed(path.name, "missing image(s)", missing_files(root, dict.fromkeys(names)))
    return rows
