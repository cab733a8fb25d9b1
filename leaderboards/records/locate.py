"""Where the statistics of a record lie: beside it in a run folder, or shared by content in a results library.

A run folder keeps ``statistics/<name>``. A library keeps one copy of the same bytes for all records that use them,
``statistics/<first 2 hex>/<sha256>.safetensors`` below its root, and each record below
``records/<benchmark>/<split>/<protocol>/<model>/<first 16 hex of its hash>/``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from leaderboards.records.io import STATISTICS_FOLDER
from leaderboards.records.schema import ResultRecord
from leaderboards.records.statistics_store import StatisticsReader

RECORDS_FOLDER = "records"
DEPTH = 5
"""Folders between `records` and record.json."""

SHA256 = re.compile(r"[0-9a-f]{64}")

Locate = Callable[[str], Path]
"""File name of a record's `statistics` -> where its bytes should be; KeyError for a name the record does not hold."""


def blob_path(sha256: str) -> PurePosixPath:
    """Path of a statistics file below the root of a library.

    Raises:
        ValueError: not a lower-case hex sha256, so that no text of a record becomes part of a path.
    """
    if not SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256[:80]!r} is not a sha256 in 64 lower-case hex digits")
    return PurePosixPath(STATISTICS_FOLDER, sha256[:2], f"{sha256}.safetensors")


def library_root(record_folder: Path) -> Path | None:
    """The root of the library that a record's folder belongs to, or None for a plain run folder."""
    parents = record_folder.absolute().parents
    if len(parents) <= DEPTH or parents[DEPTH - 1].name != RECORDS_FOLDER:
        return None
    return None if (record_folder / STATISTICS_FOLDER).is_dir() else parents[DEPTH]


def locate(record_folder: Path, record: ResultRecord) -> Locate:
    """Where each statistics file of a record lies, whichever layout its folder is part of."""
    root = library_root(record_folder)
    if root is None:
        return lambda name: record_folder / STATISTICS_FOLDER / name
    return lambda name: root / blob_path(record.statistics[name])


def reader(record_folder: Path, record: ResultRecord) -> StatisticsReader:
    """Reader of the arrays of a record; files whose hashes the record does not hold are refused."""
    return StatisticsReader(locate(record_folder, record), frozenset(record.statistics))
