"""MIRB as parquet: question_id, subset, questions, answers, image_list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from data_splits.errors import ImageUnreadable
from data_splits.images.colour import read_colour
from data_splits.integrity import sha256_bytes
from data_splits.question import ColourImage
from data_splits.sources.mirb_rows import Found, Row, listed, task_named, unknown_task

COLUMNS = ("question_id", "subset", "questions", "answers", "image_list")
Place = tuple[int, int, int, int]
"""File, row group, row in the group, image in the row."""


class ParquetImages:
    """Reads single images out of parquet files, with the last row groups kept in memory."""

    def __init__(self, paths: Sequence[Path], places: dict[str, Place]) -> None:
        self._paths, self._places = paths, places
        self._group = lru_cache(maxsize=2)(self._read_group)

    def read(self, key: str) -> ColourImage:
        """The pixels of an image.

        Raises:
            ImageUnreadable: it cannot be decoded.
        """
        file, group, row, number = self._places[key]
        data = image_bytes(self._group(file, group)[row][number].as_py())
        if data is None:
            raise ImageUnreadable(f"Image {key} has no bytes in {self._paths[file].name}.")
        return read_colour(data, key)

    def _read_group(self, file: int, group: int) -> Any:
        import pyarrow.parquet as parquet

        with parquet.ParquetFile(self._paths[file]) as table:
            return table.read_row_group(group, columns=["image_list"])["image_list"]


def image_bytes(value: object) -> bytes | None:
    """The encoded file of an entry of image_list (bytes, or a struct with a field `bytes`); None where it is absent."""
    if isinstance(value, dict):
        value = value.get("bytes")
    return value if isinstance(value, bytes) and value else None


def read_parquet(paths: Sequence[Path]) -> Found:
    """Everything in some parquet files; nothing is raised, what is wrong is listed.

    Every image is hashed once on the way (about one second a gigabyte), so that questions that share an image are
    known to.
    """
    import pyarrow
    import pyarrow.parquet as parquet

    found, places = Found(), {}
    hashes: dict[str, str] = {}
    counts: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    for file, path in enumerate(paths):
        try:
            table = parquet.ParquetFile(path)
        except (OSError, pyarrow.ArrowException) as error:
            found.problems.append(f"{path.name}: not readable as parquet ({error})")
            continue
        with table:
            absent = [name for name in COLUMNS if name not in table.schema_arrow.names]
            if absent:
                has = ", ".join(table.schema_arrow.names[:12])
                found.problems.append(f"{path.name}: lacks the column(s) {', '.join(absent)}. It has {has}.")
                continue
            broken: dict[str, list[str]] = {"missing image(s)": [], "row(s) without images": [], "broken row(s)": []}
            unknown: Counter[str] = Counter()
            first = 0
            for group in range(table.num_row_groups):
                rows = table.read_row_group(group, columns=list(COLUMNS))
                for row in range(rows.num_rows):
                    where = f"{path.name}, row {first + row + 1}"
                    subset, question, answer = (rows[name][row].as_py() for name in ("subset", "questions", "answers"))
                    ids[str(rows["question_id"][row].as_py())] += 1
                    task = task_named(str(subset))
                    if task is None:
                        unknown[str(subset)] += 1
                        continue
                    if not isinstance(question, str) or not question.strip():
                        broken["broken row(s)"].append(f"row {first + row + 1} (no question text)")
                        continue
                    keys = []
                    for number, entry in enumerate(rows["image_list"][row].as_py() or ()):
                        key = f"{task}/{counts[task]:04d}.{number}"
                        data = image_bytes(entry)
                        if data is None:
                            broken["missing image(s)"].append(f"row {first + row + 1}, image {number + 1}")
                        else:
                            hashes[key] = sha256_bytes(data)
                        places[key] = (file, group, row, number)
                        keys.append(key)
                    if not keys:
                        broken["row(s) without images"].append(f"row {first + row + 1}")
                    counts[task] += 1
                    found.rows.append(Row(where, task, question, answer, tuple(keys)))
                first += rows.num_rows
            found.problems += [unknown_task(f"{path.name}, {count} row(s)", name) for name, count in unknown.items()]
            found.problems += [line for what, names in broken.items() for line in listed(path.name, what, names)]
    repeated = [name for name, count in ids.items() if count > 1 and name != "None"]
    if ids and len(repeated) == len(ids) - ("None" in ids):
        repeated = []  # numbered anew in every subset
    found.problems += listed("question_id", "that stand twice", repeated)
    found.hashes, found.shared = hashes, hashes
    found.read_image = ParquetImages(paths, places).read
    return found
