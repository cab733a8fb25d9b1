"""Where a record lies in a library: a path that follows from its content alone."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Any

from data_splits.integrity import content_hash
from leaderboards.records.locate import RECORDS_FOLDER, SHA256
from leaderboards.records.method_record import MethodRecord
from leaderboards.records.schema import ResultRecord

METHODS_FOLDER = "methods"

LONGEST = 48
"""Characters of a slug before its hash."""


def slug(name: str, *identity: Any) -> str:
    """A folder name for any text: lower-case ASCII letters, digits, "." "_" "-", then 8 hex digits that keep it apart.

    Two names that look alike after the whitelist (or on a file system that ignores case) differ in the hash, which is
    over the name and whatever else identifies the thing.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9._-]+|\.{2,}", "-", plain)[:LONGEST].strip("-._")
    return f"{plain or 'x'}-{content_hash([name, *identity])[:8]}"


def record_path(record: ResultRecord, digest: str) -> PurePosixPath:
    """Folder of a record below the root of a library.

    Args:
        digest: the record's hash, hex sha256 of its canonical text.
    """
    if not SHA256.fullmatch(digest):
        raise ValueError(f"{digest[:80]!r} is not a sha256 in 64 lower-case hex digits")
    split, model = record.split, record.model
    named = [text_of(split, key) for key in ("name", "version", "subset", "hash")]
    return PurePosixPath(
        RECORDS_FOLDER,
        record.benchmark,
        slug(" ".join(part for part in (named[0], named[2]) if part), *named),
        slug(record.protocol, record.protocol_hash),
        slug(text_of(model, "name"), text_of(model, "revision"), text_of(model, "source")),
        digest[:16],
    )


def method_path(record: MethodRecord, digest: str) -> PurePosixPath:
    """Folder of a method record below the root of a library; `digest` as for `record_path`."""
    if not SHA256.fullmatch(digest):
        raise ValueError(f"{digest[:80]!r} is not a sha256 in 64 lower-case hex digits")
    return PurePosixPath(METHODS_FOLDER, slug(record.method), digest[:16])


def text_of(facts: dict[str, Any], key: str) -> str:
    """A field of a record's free part as text; "" where it is absent."""
    value = facts.get(key)
    return "" if value is None else str(value)
