"""From records to tables: read, recompute, compare, write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from data_splits.integrity import content_hash, sha256_file, write_json
from leaderboards.boards import store
from leaderboards.boards.cohort import Cohort, cohorts
from leaderboards.boards.comparisons import compared, left_out_rows, pair_rows, rank_rows, standing_rows
from leaderboards.boards.fixed import protocol_rows, published_rows
from leaderboards.boards.fronts import front_rows
from leaderboards.boards.memory import CACHE_FILE, Memory
from leaderboards.boards.methods import method_rows
from leaderboards.boards.results import cohort_rows, model_rows, result_rows
from leaderboards.library.entry import Entry
from leaderboards.library.library import Library
from leaderboards.library.methods import MethodEntry, method_entries, method_folders
from leaderboards.library.tiers import LEDGER_FILE
from leaderboards.records.io import RECORD_FILE, recorded_hash
from leaderboards.records.method_io import METHOD_FILE

Rows = list[dict[str, Any]]
Item = TypeVar("Item")

STAMP_FILE = "stamp.json"
Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""(items, what is done) -> the items, with progress."""


class Built(NamedTuple):
    """What a build did.

    Attributes:
        rows: table -> number of rows. computed: pairs that were not known yet. left_out: records with numbers that
            their statistics do not bear out, method records that do not follow from what they rest on; they are on no
            table. Record hash -> the first lines of what differs.
    """

    rows: dict[str, int]
    computed: int
    left_out: dict[str, list[str]]


def _silent(items: Sequence[Item], what: str) -> Iterable[Item]:
    return items


def build(libraries: Sequence[tuple[Library, str]], output: Path, track: Track = _silent) -> Built:
    """Write every table of a board.

    Every record that this machine has not recomputed yet is recomputed first: that decides its tier, and one that does
    not follow from its statistics is left out. Pairs whose records and code are those of the last build into this
    folder are not compared again.

    Args:
        libraries: with the origin of their rows, "public" or "private". output: folder of the tables.

    Raises:
        UserError: a broken record (it is named), or a full disk.
    """
    left_out: dict[str, list[str]] = {}
    for library, _ in libraries:
        outcomes = library.recompute(lambda entries: track(list(entries), "recompute"))
        left_out |= {name: list(each.discrepancies[:3]) for name, each in outcomes.items() if each.discrepancies}
    memory = Memory(output / CACHE_FILE)
    borne = [each for each in _entries(libraries) if each[0].hash not in left_out]
    methods = _methods(libraries, [entry for entry, _ in borne])
    left_out |= {each.hash: list(each.faults[:3]) for each, _ in methods if each.faults}
    found = tables(cohorts(borne), memory, track, methods)
    # Killed among the tables, they are of two builds, and the stamp of neither.
    (output / STAMP_FILE).unlink(missing_ok=True)
    counts = {name: store.write(output, name, rows) for name, rows in found.items()}
    memory.save()
    write_json(output / STAMP_FILE, {"inputs": inputs_hash(libraries)})
    return Built(counts, memory.computed, left_out)


def tables(
    found: Sequence[Cohort], memory: Memory, track: Track = _silent, methods: Sequence[tuple[MethodEntry, str]] = ()
) -> dict[str, Rows]:
    """Every table of a board over some cohorts and method records (each with its origin), in memory."""
    everything = [compared(each, memory) for each in track(found, "compare")]
    made = {
        "cohorts": list(cohort_rows(found)),
        "models": list(model_rows(found)),
        "results": list(result_rows(found)),
        "standings": list(standing_rows(everything)),
        "pairs": list(pair_rows(everything)),
        "ranks": list(rank_rows(everything)),
        "left_out": list(left_out_rows(everything)),
        "fronts": list(front_rows(found)),
        "methods": list(method_rows(methods)),
        "published": list(published_rows()),
        "protocols": list(protocol_rows()),
    }
    assert made.keys() == store.COLUMNS.keys()
    return made


def fresh(libraries: Sequence[tuple[Library, str]], output: Path) -> bool:
    """Whether a folder holds the board of exactly these records, made by exactly this code."""
    try:
        stamp = json.loads((output / STAMP_FILE).read_text("utf-8"))["inputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    complete = all((output / f"{name}.parquet").is_file() for name in store.COLUMNS)
    return complete and stamp == inputs_hash(libraries)


def inputs_hash(libraries: Sequence[tuple[Library, str]]) -> str:
    """sha256 over the bytes of every record and ledger, and over this package's code and data."""
    held: list[Any] = []
    for library, origin in libraries:
        ledger = library.root / LEDGER_FILE
        held.append([origin, sha256_file(ledger) if ledger.is_file() else ""])
        for folder in library.folders():
            held.append(
                [str(folder.relative_to(library.root)), sha256_file(folder / RECORD_FILE), recorded_hash(folder)]
            )
        held += [
            [str(folder.relative_to(library.root)), sha256_file(folder / METHOD_FILE)]
            for folder in method_folders(library.root)
        ]
    package = Path(__file__).resolve().parents[1]
    code = [path for kind in ("*.py", "*.json") for path in sorted(package.rglob(kind)) if "results" not in path.parts]
    return content_hash([held, [sha256_file(path) for path in code]])


def _methods(libraries: Sequence[tuple[Library, str]], entries: Sequence[Entry]) -> list[tuple[MethodEntry, str]]:
    """Studies of all libraries, the first of each hash; a private one may rest on public benchmark records."""
    found: dict[str, tuple[MethodEntry, str]] = {}
    for library, origin in libraries:
        for each in method_entries(library, entries):
            found.setdefault(each.hash, (each, origin))
    return list(found.values())


def _entries(libraries: Sequence[tuple[Library, str]]) -> Iterator[tuple[Entry, str]]:
    for library, origin in libraries:
        for entry in library.entries():
            yield entry, origin
