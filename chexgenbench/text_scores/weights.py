"""Where a score finds the model it judges with: a folder given by name, or one below $CHEXGENBENCH_SCORE_WEIGHTS."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from chexgenbench.text_scores.base import Where

VARIABLE = "CHEXGENBENCH_SCORE_WEIGHTS"


def folder_of(score: str, where: Where) -> Path | None:
    """The folder of a score's weights: the one given, else $CHEXGENBENCH_SCORE_WEIGHTS/SCORE, else None."""
    if where.weights is not None:
        return where.weights
    root = os.environ.get(VARIABLE)
    return None if not root else Path(root).expanduser() / score


def lacks_files(score: str, where: Where, files: Sequence[str], how: str) -> str | None:
    """One line on what is missing in the folder of a score, or None where all of it is there."""
    folder = folder_of(score, where)
    absent = list(files) if folder is None else [name for name in files if not (folder / name).exists()]
    if not absent:
        return None
    place = f"--score-weights {score}=FOLDER or ${VARIABLE}/{score}"
    return f"{', '.join(absent)} of {score} missing ({place}): {how}"


def weights_hash(score: str, where: Where) -> str:
    """sha256 over the names and contents of a score's weight files, for the record; "" without any."""
    from data_splits.integrity import content_hash, sha256_file

    folder = folder_of(score, where)
    if folder is None or not folder.is_dir():
        return ""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return content_hash([[str(path.relative_to(folder)), sha256_file(path)] for path in files])
