"""Scores that somebody else's model gave: a CSV with columns id and score, higher for what is worth training on."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError


def read_scores(path: Path, ids: Sequence[str]) -> NDArray[np.float32]:
    """float32[n], in the order of the ids; other rows of the file are left alone.

    Raises:
        UserError: no such file or columns, a score that is no number, or an example without one.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise UserError(f"Cannot read the scores at {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"{path.name} is no CSV in UTF-8 ({error}). Save it as one, with columns id and score."
        ) from error
    if rows and not {"id", "score"} <= rows[0].keys():
        raise UserError(f"{path.name} needs the columns id and score.")
    known: dict[str, float] = {}
    for number, row in enumerate(rows, start=1):
        try:
            known[row["id"]] = float(row["score"])
        except (TypeError, ValueError):
            raise UserError(f"{path.name}, row {number}: the score is no number.") from None
        if not math.isfinite(known[row["id"]]):
            raise UserError(f"{path.name}, row {number}: the score is not finite.")
    absent = [name for name in ids if name not in known]
    if absent:
        raise UserError(f"{path.name} has no score for {len(absent)} example(s), such as {absent[0]}.")
    return np.array([known[name] for name in ids], np.float32)
