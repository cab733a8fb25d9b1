"""Cases and their losses from CSV, as any classifier can write them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import sha256_bytes
from leaderboards.statistics.certificates.case_set import CaseSet


def read_losses(path: Path, one_per_patient: bool = False) -> tuple[CaseSet, NDArray[np.float64]]:
    """Columns `case`, `patient` and `loss` (0 right, 1 wrong, or any number between), optionally `image` (a hash).

    Args:
        path: the file, in the order in which the cases were looked at.
        one_per_patient: keep one case of every patient, the one whose id has the least hash: chosen without its loss.

    Raises:
        UserError: no such file, a column is missing, or a loss is no number.
    """
    rows = _rows(path, ("case", "patient", "loss"))
    if one_per_patient:
        least: dict[str, str] = {}
        for row in rows:
            digest = sha256_bytes(f"keep\n{row['case']}".encode())
            least[row["patient"]] = min(least.get(row["patient"], digest), digest)
        rows = [row for row in rows if sha256_bytes(f"keep\n{row['case']}".encode()) == least[row["patient"]]]
    losses = []
    for number, row in enumerate(rows, start=1):
        try:
            losses.append(float(row["loss"]))
        except ValueError:
            # The text itself may be anything, also something confidential: it is not repeated.
            raise UserError(
                f"{path}: loss number {number} is not a number. Write 0 for right and 1 for wrong."
            ) from None
    return _cases(rows), np.array(losses, np.float64)


def read_cases(path: Path) -> CaseSet:
    """Columns `case` and `patient`, optionally `image`: data that something was trained or chosen on.

    Raises:
        UserError: no such file, or a column is missing.
    """
    return _cases(_rows(path, ("case", "patient")))


def read_candidates(path: Path) -> list[str]:
    """One candidate a line (weights' hash, seed and coefficients, or whatever names it); blank lines are skipped.

    Raises:
        UserError: no such file, no candidate, or one that stands there twice.
    """
    names = [line.strip() for line in _text(path).splitlines() if line.strip()]
    if not names:
        raise UserError(f"{path} lists no candidate: write one a line.")
    if len(set(names)) != len(names):
        raise UserError(f"{path} lists {len(names) - len(set(names))} candidates twice; each needs a name of its own.")
    return names


def _cases(rows: list[dict[str, str]]) -> CaseSet:
    images = tuple(row["image"] for row in rows if row.get("image"))
    return CaseSet(
        tuple(row["case"] for row in rows),
        tuple(row["patient"] for row in rows),
        images if len(images) == len(rows) else (),
    )


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    reader = csv.DictReader(_text(path).splitlines())
    missing = [each for each in columns if each not in (reader.fieldnames or ())]
    if missing:
        raise UserError(f"{path} has no column {', '.join(missing)}. Its first line must name {', '.join(columns)}.")
    rows = [{key: (row[key] or "") for key in (*columns, "image") if key in row} for row in reader]
    blank = sum(not row["case"] or not row["patient"] for row in rows)
    if blank:
        raise UserError(f"{path}: {blank} rows have no case or no patient; each needs both.")
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise UserError(f"{path} is not a text file in UTF-8.") from None
