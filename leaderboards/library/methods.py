"""Method records of a library: read, placed, checked against the benchmark records beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from leaderboards.library.entry import Entry
from leaderboards.library.library import Library
from leaderboards.library.paths import METHODS_FOLDER, method_path
from leaderboards.library.tiers import Tier
from leaderboards.records.method_check import check
from leaderboards.records.method_io import METHOD_FILE, METHOD_HASH_FILE, read_study
from leaderboards.records.method_record import MethodRecord


@dataclass(frozen=True)
class MethodEntry:
    """A study of a library.

    Attributes:
        folder: holds method.json. hash: hex sha256 of its bytes. faults: what does not follow, a line each.
        tier: recomputed from statistics where every number was computed again here, benchmark records included.
    """

    folder: Path
    record: MethodRecord
    hash: str
    faults: tuple[str, ...]
    tier: Tier


def method_folders(root: Path) -> list[Path]:
    """Folders that hold a method record, sorted: of the library layout, beside run folders, or the root itself."""
    found = {path.parent for path in root.glob(f"{METHODS_FOLDER}/*/*/{METHOD_FILE}")}
    found |= {path.parent for path in root.glob(f"*/{METHOD_FILE}")}
    if (root / METHOD_FILE).is_file():
        found.add(root)
    return sorted(found)


def method_entries(library: Library, entries: Sequence[Entry]) -> list[MethodEntry]:
    """Every study of a library, sorted by path.

    Args:
        entries: the benchmark records that its scores may rest on, with their tiers.

    Raises:
        UserError: a record that is broken, or that does not lie where its content says; named.
    """
    known = {each.hash: each for each in entries}
    return [_read(folder, library.root, known) for folder in method_folders(library.root)]


def _read(folder: Path, root: Path, known: dict[str, Entry]) -> MethodEntry:
    record = read_study(folder)
    digest = sha256_file(folder / METHOD_FILE)
    promised = folder / METHOD_HASH_FILE
    if not promised.is_file() or promised.read_text("utf-8", errors="replace")[:64] != digest:
        raise UserError(f"{folder / METHOD_FILE} was changed after it was written. Restore it, or remove it.")
    parts = folder.relative_to(root).parts
    if len(parts) == 3 and parts[0] == METHODS_FOLDER and PurePosixPath(*parts) != method_path(record, digest):
        raise UserError(f"{folder} should lie at {method_path(record, digest)}: its path does not follow from it.")
    faults = check(record, lambda name: known[name].record if name in known else None)
    return MethodEntry(folder, record, digest, tuple(faults), _tier(record, faults, known))


def _tier(record: MethodRecord, faults: Iterable[str], known: dict[str, Entry]) -> Tier:
    used = [known.get(digest) for arm in record.arms for score in arm.scores for digest in score.records]
    borne = all(each is not None and each.tier is not Tier.self_reported for each in used)
    return Tier.from_statistics if borne and not list(faults) else Tier.self_reported
