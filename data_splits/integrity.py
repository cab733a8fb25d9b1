"""Hashes, canonical JSON and crash-safe writes that every package uses. No third-party imports."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from data_splits.errors import UserError


def sha256_bytes(data: bytes) -> str:
    """Hex sha256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file's bytes, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8, finite numbers only.

    Raises:
        ValueError: the value holds NaN or infinity, which JSON cannot carry.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: Any) -> str:
    """Hex sha256 of a value's canonical JSON."""
    return sha256_bytes(canonical_json(value).encode())


def require_finite(values: Mapping[str, float | None]) -> None:
    """Raise ValueError naming the first entry that is NaN or infinite."""
    for name, value in values.items():
        if value is not None and not math.isfinite(value):
            raise ValueError(f"{name} is {value}: NaN and infinity never enter a record")


@contextlib.contextmanager
def atomic_write(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Write a file so that a crash leaves either the old file or the whole new one.

    The bytes go to a temporary file of an unguessable name in the same folder, are flushed to disk, and take the
    final name in one rename. A full disk becomes a UserError and leaves no debris.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open(mode.replace("w", "x"), encoding=None if "b" in mode else "utf-8") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        temporary.unlink(missing_ok=True)


def clear_debris(folder: Path) -> None:
    """Remove what killed writers left of unfinished files at any depth of a folder; nobody may be writing there."""
    for path in folder.rglob(".*.tmp"):
        if re.fullmatch(r"\..+\.[0-9a-f]{12}\.tmp", path.name):
            path.unlink()


def write_text(path: Path, text: str) -> None:
    """Atomically write UTF-8 text."""
    with atomic_write(path) as stream:
        stream.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Atomically write a value as indented JSON with sorted keys (finite numbers only)."""
    write_text(path, json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def append_lines(path: Path, lines: list[str]) -> None:
    """Append whole lines to a log and flush them to disk: a crash can lose only an unfinished last line.

    A torn last line of an earlier crash is cut off first, so that it cannot swallow the next one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    payload = "".join(line.rstrip("\n") + "\n" for line in lines).encode()
    try:
        with path.open("ab+") as stream:
            start = stream.seek(0, os.SEEK_END)
            if start:
                stream.seek(start - 1)
                if stream.read(1) != b"\n":
                    stream.seek(0)
                    start = stream.read().rfind(b"\n") + 1
                    stream.truncate(start)
            try:
                stream.write(payload)
                stream.flush()
                os.fsync(stream.fileno())
            except OSError:
                stream.truncate(start)
                raise
    except OSError as error:
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path) -> OSError | UserError:
    """Turn a full disk or a read-only folder into a UserError that says what to do; leave other errors alone."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            f"The disk that holds {path.parent} is full. Free some space and run the same command again: "
            "it goes on where it stopped, nothing finished is lost."
        )
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return UserError(f"No permission to write {path}. Choose another folder with --output.")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return UserError(f"{error.filename or path} is a file where a folder is needed. Give another path.")
    return error
