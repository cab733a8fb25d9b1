"""From records to tables: read, recompute, compare, write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from leaderboards.boards import store
from leaderboards.boards.cohort import Cohort, cohorts
from leaderboards.boards.comparisons import compared, left_out_rows, pair_rows, rank_rows, standing_rows
from leaderboards.boards.fixed import protocol_rows, published_rows
from leaderboards.boards.fronts import front_rows
from leaderboards.boards.memory import CACHE_FILE, Memory
from leaderboards.boards.results import cohort_rows, model_rows, result_rows
from leaderboards.library.entry import Entry
from leaderboards.library.library import Library

Rows = list[dict[str, Any]]
Item = TypeVar("Item")
Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""(items, what is done) -> the items, with progress."""


class Built(NamedTuple):
    """What a build did.

    Attributes:
        rows: table -> number of rows. computed: pairs that were not known yet. disagreeing: records with numbers that
            their statistics do not bear out: record hash -> the first lines of what differs.
    """

    rows: dict[str, int]
    computed: int
    disagreeing: dict[str, list[str]]


def _silent(items: Sequence[Item], what: str) -> Iterable[Item]:
    return items


def build(libraries: Sequence[tuple[Library, str]], output: Path, track: Track = _silent) -> Built:
    """Write every table of a board.

    Every record that this machine has not recomputed yet is recomputed first: that decides its tier. Pairs whose
    records and code are those of the last build into this folder are not compared again.

    Args:
        libraries: with the origin of their rows, "public" or "private". output: folder of the tables.

    Raises:
        UserError: a broken record (it is named), or a full disk.
    """
    disagreeing: dict[str, list[str]] = {}
    for library, _ in libraries:
        outcomes = library.recompute(lambda entries: track(list(entries), "recompute"))
        disagreeing |= {name: list(each.discrepancies[:3]) for name, each in outcomes.items() if each.discrepancies}
    memory = Memory(output / CACHE_FILE)
    found = tables(cohorts(_entries(libraries)), memory, track)
    counts = {name: store.write(output, name, rows) for name, rows in found.items()}
    memory.save()
    return Built(counts, memory.computed, disagreeing)


def tables(found: Sequence[Cohort], memory: Memory, track: Track = _silent) -> dict[str, Rows]:
    """Every table of a board over some cohorts, in memory."""
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
        "published": list(published_rows()),
        "protocols": list(protocol_rows()),
    }
    assert made.keys() == store.COLUMNS.keys()
    return made


def _entries(libraries: Sequence[tuple[Library, str]]) -> Iterator[tuple[Entry, str]]:
    for library, origin in libraries:
        for entry in library.entries():
            yield entry, origin
