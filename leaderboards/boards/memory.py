"""What two records of one metric differ by, remembered between builds: only new pairs are computed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import content_hash, sha256_file, write_text
from leaderboards.comparison.compare import Contender
from leaderboards.comparison.differences import Difference
from leaderboards.statistics.estimate import Estimate

CACHE_FILE = "differences.json"


class Memory:
    """Differences by record hashes, metric and group; forgotten when the code that computes them changes.

    A record's hash covers the hashes of its statistics, so a pair of hashes fixes its difference.

    Args:
        path: of the cache; None remembers nothing beyond this process.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.computed = 0
        self._known = self._load()
        self._used: dict[str, Any] = {}

    def __call__(
        self, a: Contender, b: Contender, metric: str, group: str, make: Callable[[], Difference]
    ) -> Difference:
        """The difference of two contenders that are named by their record hashes."""
        key = f"{a.name}/{b.name}/{metric}/{group}"
        if key not in self._known:
            self.computed += 1
            found = make()
            self._known[key] = {"paired": found.paired, "estimate": _plain(found.estimate)}
        self._used[key] = self._known[key]
        return _difference(self._known[key])

    def save(self) -> None:
        """Keep what this build used. A cache that cannot be kept costs time, nothing else."""
        if self.path is not None:
            with suppress(OSError, UserError):
                write_text(self.path, json.dumps({"code": code_hash(), "pairs": self._used}, sort_keys=True))

    def _load(self) -> dict[str, Any]:
        if self.path is None:
            return {}
        try:
            data = json.loads(self.path.read_text("utf-8"))
            pairs = data["pairs"] if data["code"] == code_hash() else {}
            for each in pairs.values():
                _difference(each)
            return dict(pairs)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}


@cache
def code_hash() -> str:
    """sha256 over the code that computes a difference."""
    package = Path(__file__).resolve().parents[1]
    files = [path for folder in ("statistics", "comparison") for path in sorted((package / folder).rglob("*.py"))]
    return content_hash([[str(path.relative_to(package)), sha256_file(path)] for path in files])


def _plain(estimate: Estimate) -> dict[str, Any]:
    return asdict(estimate) | {"extra": {name: float(value) for name, value in estimate.extra.items()}}


def _difference(kept: dict[str, Any]) -> Difference:
    return Difference(Estimate(**kept["estimate"]), bool(kept["paired"]))
