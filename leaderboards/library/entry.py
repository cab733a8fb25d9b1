"""One record of a library, or of a plain run folder, with its statistics and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from leaderboards.library.recomputed import Recomputed
from leaderboards.library.tiers import Tier, Verdict
from leaderboards.records import locate
from leaderboards.records.io import HASH_FILE, RECORD_FILE, read_record, recorded_hash
from leaderboards.records.schema import ResultRecord
from leaderboards.records.statistics_store import StatisticsReader


@dataclass(frozen=True)
class Entry:
    """A row to be.

    Attributes:
        folder: holds record.json. hash: hex sha256 of its bytes. tier: how far it can be trusted.
    """

    folder: Path
    record: ResultRecord
    hash: str
    tier: Tier

    def statistics_path(self, name: str) -> Path:
        """Where the statistics file of this name lies: beside the record, or by content in its library.

        Raises:
            KeyError: the record holds no file of this name. ValueError: its hash is none.
        """
        self.record.statistics[name]
        return locate.locate(self.folder, self.record)(name)

    def reader(self) -> StatisticsReader:
        """Arrays by reference, for estimators and comparisons."""
        return locate.reader(self.folder, self.record)


def read_entry(folder: Path, ledger: Mapping[str, Verdict], recomputed: Recomputed) -> Entry:
    """Read and check the record of a folder.

    Args:
        ledger: of the library's root. recomputed: what this machine has recomputed.

    Raises:
        UserError: not a valid record, or not the one that record.sha256 promises.
    """
    record = read_record(folder)
    digest = sha256_file(folder / RECORD_FILE)
    promised = recorded_hash(folder)
    if promised != digest:
        told = f"{HASH_FILE} is missing" if promised is None else f"{HASH_FILE} names another"
        raise UserError(f"{folder / RECORD_FILE} was changed after it was written ({told}). Restore it, or remove it.")
    return Entry(folder, record, digest, tier_of(digest, ledger, recomputed))


def tier_of(digest: str, ledger: Mapping[str, Verdict], recomputed: Recomputed) -> Tier:
    """The tier of a record by its hash."""
    if digest in ledger:
        return Tier.from_samples
    outcome = recomputed.outcome(digest)
    return Tier.from_statistics if outcome is not None and outcome.all_agreed else Tier.self_reported
