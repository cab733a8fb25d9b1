"""Grades on disk, so that a killed curation goes on where it stopped. Holds hashes, never a prompt."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from chexgenbench.curation.candidates import Candidate
from chexgenbench.curation.grades import Graded, Grader
from data_splits.errors import UserError
from data_splits.integrity import append_lines, canonical_json, content_hash, sha256_bytes
from model_adapters.inference.hashing import image_hash

Progress = Callable[[int, int | None], None]


def graded_all(
    candidates: Sequence[Candidate], grader: Grader, path: Path, batch: int = 16, progress: Progress | None = None
) -> tuple[list[Graded], list[str]]:
    """Grade what is not graded yet, a batch at a time, each on disk before the next.

    A grade counts again only for the same pixels, prompt and grader.

    Returns:
        the outcome of every candidate, and the hash of its pixels.
    """
    known = _read(path)
    hashes = [each.sha256 or image_hash(each.load()) for each in candidates]
    keys = [
        content_hash([each.id, pixels, sha256_bytes((each.case.prompt or "").encode()), grader.fingerprint])
        for each, pixels in zip(candidates, hashes, strict=True)
    ]
    todo = [row for row, key in enumerate(keys) if key not in known]
    for start in range(0, len(todo), batch):
        rows = todo[start : start + batch]
        found = grader.grade([candidates[row] for row in rows])
        lines = []
        for row, outcome in zip(rows, found, strict=True):
            known[keys[row]] = outcome
            line = {"key": keys[row], "id": candidates[row].id, "image_sha256": hashes[row], "grade": outcome.grade}
            lines.append(canonical_json({**line, "score": outcome.score, "reason": outcome.reason}))
        append_lines(path, lines)
        if progress is not None:
            progress(start + len(rows), len(todo))
    return [known[key] for key in keys], hashes


def _read(path: Path) -> dict[str, Graded]:
    if not path.exists():
        return {}
    *lines, _torn = path.read_text("utf-8").split("\n")
    found = {}
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            found[row["key"]] = Graded(row["grade"], row["score"], row["reason"])
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"Line {number} of {path} is damaged. Delete that line: its image is graded again."
            ) from error
    return found
