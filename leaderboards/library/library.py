"""A folder of results: the library layout, plain run folders, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from data_splits.errors import UserError
from data_splits.integrity import atomic_write, sha256_bytes, sha256_file
from leaderboards.library.entry import Entry, read_entry
from leaderboards.library.paths import record_path
from leaderboards.library.recomputed import Outcome, Recomputed
from leaderboards.library.tiers import read_ledger
from leaderboards.records.io import HASH_FILE, RECORD_FILE, read_record, record_text, recorded_hash
from leaderboards.records.locate import DEPTH, RECORDS_FOLDER, blob_path, locate
from leaderboards.records.statistics_store import FILE_NAME

PUBLIC = Path(__file__).resolve().parents[1] / "results"

Progress = Callable[[Iterable[Entry]], Iterable[Entry]]


@dataclass(frozen=True, slots=True)
class Addition:
    """A file that a library gains. source: bytes to copy, or the path of a file. size: bytes."""

    path: PurePosixPath
    source: Path | bytes
    size: int


class Library:
    """Results below a root.

    ::

        records/<benchmark>/<split>/<protocol>/<model>/<16 hex>/record.json, record.sha256
        statistics/<2 hex>/<sha256>.safetensors     once for all records that use the same bytes
        ledger.json                                 which records maintainers measured again from samples
        <any>/record.json, <any>/statistics/        a plain run folder, as `eval --output` writes it

    Args:
        root: such a folder; also a single run folder. recomputed: outcomes of recomputations on this machine.

    Raises:
        UserError: there is no such folder.
    """

    def __init__(self, root: Path, recomputed: Recomputed | None = None) -> None:
        if not root.is_dir():
            raise UserError(f"There is no folder {root}. Give one that holds run folders, or a results library.")
        self.root = root
        self.recomputed = recomputed or Recomputed()

    @classmethod
    def public(cls) -> Library:
        """The results that ship with the package."""
        return cls(PUBLIC)

    def folders(self) -> list[Path]:
        """Folders that hold a record, sorted."""
        found = [path.parent for path in self.root.glob(f"{RECORDS_FOLDER}/{'*/' * DEPTH}{RECORD_FILE}")]
        found += [path.parent for path in self.root.glob(f"*/{RECORD_FILE}")]
        if (self.root / RECORD_FILE).is_file():
            found.append(self.root)
        return sorted(found)

    def entries(self) -> list[Entry]:
        """Every record, sorted by path.

        Raises:
            UserError: a record that is broken, or that does not lie where its content says; named.
        """
        ledger = read_ledger(self.root)
        return [self._placed(read_entry(folder, ledger, self.recomputed)) for folder in self.folders()]

    def recompute(self, progress: Progress = iter) -> dict[str, Outcome]:
        """Recompute every record that this machine has not recomputed yet: record hash -> outcome.

        Afterwards `entries` says "recomputed from statistics" of those whose numbers all agreed.

        Args:
            progress: wraps the entries, for example data_splits.cli_support.track.
        """
        return {
            each.hash: self.recomputed.check(each.folder, each.hash, each.record) for each in progress(self.entries())
        }

    def add(self, run_folder: Path) -> Entry:
        """Copy a run's record, and those of its statistics that are not here yet; nothing is written twice.

        Raises:
            UserError: no valid record, or statistics that are missing or not what the record says.
        """
        folder, additions = self.additions(run_folder)
        for each in additions:
            target = self.root / each.path
            with atomic_write(target) as stream:
                if isinstance(each.source, bytes):
                    stream.write(each.source)
                else:
                    with each.source.open("rb") as source:
                        while block := source.read(2**20):
                            stream.write(block)
        return read_entry(self.root / folder, read_ledger(self.root), self.recomputed)

    def additions(self, run_folder: Path) -> tuple[PurePosixPath, list[Addition]]:
        """Folder of the record, and the files that are not here yet, statistics first; see `add`."""
        record = read_record(run_folder)
        text = record_text(record).encode()
        digest = sha256_bytes(text)
        if recorded_hash(run_folder) != digest or sha256_file(run_folder / RECORD_FILE) != digest:
            raise UserError(
                f"{run_folder / RECORD_FILE} is not as it was written: its hash is not that of {HASH_FILE}. "
                "Run the `score` stage again."
            )
        where = locate(run_folder, record)
        found: dict[PurePosixPath, Addition] = {}
        for name, sha256 in sorted(record.statistics.items()):
            path = _source(name, sha256, where, run_folder)
            found[blob_path(sha256)] = Addition(blob_path(sha256), path, path.stat().st_size)
        folder = record_path(record, digest)
        line = f"{digest}  {RECORD_FILE}\n".encode()
        for name, content in ((HASH_FILE, line), (RECORD_FILE, text)):
            found[folder / name] = Addition(folder / name, content, len(content))
        return folder, [each for path, each in found.items() if not (self.root / path).exists()]

    def _placed(self, entry: Entry) -> Entry:
        try:
            parts = entry.folder.relative_to(self.root / RECORDS_FOLDER).parts
        except ValueError:
            return entry
        expected = record_path(entry.record, entry.hash)
        if len(parts) == DEPTH and PurePosixPath(RECORDS_FOLDER, *parts) != expected:
            raise UserError(f"{entry.folder} should lie at {expected}: its path does not follow from its content.")
        return entry


def _source(name: str, sha256: str, where: Callable[[str], Path], run_folder: Path) -> Path:
    try:
        path = where(name)
        blob_path(sha256)
    except ValueError as error:
        raise UserError(f"{run_folder / RECORD_FILE}: statistics file {name[:80]!r}: {error}.") from error
    if not FILE_NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        raise UserError(f"{run_folder} lacks the statistics file {name[:80]!r}. Run the `score` stage again.")
    if sha256_file(path) != sha256:
        raise UserError(f"{path} is not the file that the record names. Run the `score` stage again.")
    return path


def unique(libraries: Iterable[Library]) -> Iterator[Entry]:
    """Entries of several libraries, the first of each hash: private rows may repeat public ones."""
    seen: set[str] = set()
    for library in libraries:
        for entry in library.entries():
            if entry.hash not in seen:
                seen.add(entry.hash)
                yield entry
