"""The frozen identity of a question split: ids, tasks and hashes, no text and no image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import content_hash, write_text
from data_splits.question import Question, QuestionSplit

MANIFEST_VERSION = 1


def question_hash(question: Question) -> str:
    """sha256 over the texts of a question: what is asked, the gold, the text-only form."""
    return content_hash([question.question, question.answer, question.text_question])


def to_manifest(split: QuestionSplit) -> dict[str, Any]:
    """The manifest of a split as plain data. Reads (or draws) every image once to hash it."""
    return {
        "question_manifest_version": MANIFEST_VERSION,
        "name": split.name,
        "version": split.version,
        "licence": split.licence,
        "credentialed": split.credentialed,
        "options": dict(split.options),
        "stand_ins": list(split.stand_ins),
        "counts": {task: len(split.of(task)) for task in split.tasks},
        "hash": split.hash,
        "questions": [
            {
                "id": question.id,
                "task": question.task,
                "sha256": question_hash(question),
                "images": [split.image_hashes[key] for key in question.images],
            }
            for question in split.questions
        ],
    }


def write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest, one question a line, atomically."""
    head = {key: value for key, value in manifest.items() if key != "questions"}
    lines = ",\n".join("    " + json.dumps(entry, sort_keys=True) for entry in manifest["questions"])
    text = json.dumps(head, sort_keys=True, indent=2, ensure_ascii=False)[:-2]
    write_text(path, text + ',\n  "questions": [\n' + lines + "\n  ]\n}\n")


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest that `write_manifest` wrote.

    Raises:
        UserError: missing, not a question manifest, or of another version.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        version = manifest["question_manifest_version"]
        fields = ("name", "version", "licence", "options", "stand_ins", "hash", "questions")
        absent = [name for name in fields if name not in manifest]
    except FileNotFoundError:
        raise UserError(f"No question manifest at {path}. Build one with `data-splits build`.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not a question manifest ({error}). Build it with `data-splits build`.") from error
    if version != MANIFEST_VERSION or absent:
        raise UserError(f"{path} was written by another version of this program. Build it again.")
    return manifest


def differences(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """How a split differs from a manifest of it, one line for each difference."""
    lines = [
        f"{what}: {now[what]!r}, the manifest says {before[what]!r}"
        for what in ("name", "version", "licence", "options", "stand_ins")
        if now[what] != before[what]
    ]
    ours = {entry["id"]: entry for entry in now["questions"]}
    theirs = {entry["id"]: entry for entry in before["questions"]}
    lines += [f"{name}: not in the manifest" for name in ours if name not in theirs]
    lines += [f"{name}: in the manifest only" for name in theirs if name not in ours]
    for name in ours.keys() & theirs.keys():
        changed = [what for what in ("task", "sha256", "images") if ours[name][what] != theirs[name][what]]
        if changed:
            lines.append(f"{name}: another {', '.join('text' if what == 'sha256' else what for what in changed)}")
    return sorted(lines)
