"""Which records this machine has recomputed from their statistics, with what outcome: a cache outside the records."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data_splits.errors import UserError
from data_splits.integrity import content_hash, sha256_file, write_json
from leaderboards.records.recompute import Recomputation, check_files, check_run
from leaderboards.records.schema import ResultRecord

CACHE_FILE = "recomputed.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of recomputing one record.

    Attributes:
        recomputed: numbers that were computed again. unsupported: values of which no arrays are stored.
        discrepancies: what does not agree, a line each.
    """

    recomputed: int
    unsupported: tuple[str, ...] = ()
    discrepancies: tuple[str, ...] = ()

    @property
    def all_agreed(self) -> bool:
        """Every value of the record was recomputed, and none differs."""
        return self.recomputed > 0 and not self.unsupported and not self.discrepancies

    @classmethod
    def of(cls, check: Recomputation) -> Outcome:
        return cls(check.recomputed, check.without_statistics, tuple(str(each) for each in check.discrepancies))


class Recomputed:
    """Outcomes by record hash, kept in the user's cache; forgotten when an estimator's code changes.

    The cache says nothing of a record whose files have changed since: `Library` checks the record's hash, and `check`
    those of its statistics.

    Args:
        path: default ``$CHEXGENBENCH_CACHE/recomputed.json``, or below ``~/.cache/chexgenbench``.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        self._known: dict[str, Outcome] | None = None

    def outcome(self, digest: str) -> Outcome | None:
        """What came of a record, or None where it was not recomputed here by the present estimators."""
        return self._read().get(digest)

    def check(self, folder: Path, digest: str, record: ResultRecord) -> Outcome:
        """The outcome of a record; computed now (seconds) where it is not known, or where a file of it has changed.

        Args:
            folder: of the record, in a run folder or a library. digest: the record's hash.
        """
        known = self.outcome(digest)
        if known is not None and not any(check_files(folder, record)):
            return known
        found = Outcome.of(check_run(folder))
        # Missing and broken files may be mended tomorrow; only what follows from the record's own bytes is kept.
        if not any(": sha256 recorded" in line or ": estimate recorded" in line for line in found.discrepancies):
            self._write(digest, found)
        return found

    def _read(self) -> dict[str, Outcome]:
        if self._known is None:
            self._known = self._load()
        return self._known

    def _load(self) -> dict[str, Outcome]:
        try:
            data = json.loads(self.path.read_text("utf-8"))
            if data["estimators"] != estimators_hash():
                return {}
            return {
                name: Outcome(int(each["recomputed"]), tuple(each["unsupported"]), tuple(each["discrepancies"]))
                for name, each in data["records"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}

    def _write(self, digest: str, found: Outcome) -> None:
        # Another process may have written since: read again before adding.
        self._known = self._load() | self._read() | {digest: found}
        records = {
            name: {
                "recomputed": each.recomputed,
                "unsupported": list(each.unsupported),
                "discrepancies": list(each.discrepancies),
            }
            for name, each in self._known.items()
        }
        # A cache that cannot be kept (read-only home, full disk) costs time, nothing else.
        with suppress(OSError, UserError):
            write_json(self.path, {"estimators": estimators_hash(), "records": records})


def default_path() -> Path:
    """The file in the user's cache."""
    folder = os.environ.get("CHEXGENBENCH_CACHE") or Path.home() / ".cache" / "chexgenbench"
    return Path(folder).expanduser() / CACHE_FILE


@cache
def estimators_hash() -> str:
    """sha256 over the code that recomputes a number: what was found by other code is not known any more."""
    package = Path(__file__).resolve().parents[1]
    files = [*sorted((package / "statistics").rglob("*.py")), *sorted((package / "records").glob("*.py"))]
    return content_hash([[str(path.relative_to(package)), sha256_file(path)] for path in files])
