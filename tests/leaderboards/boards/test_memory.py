"""Differences are computed once; a new record costs its own pairs, and a damaged cache costs time only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compared_runs import run_folder

from leaderboards.boards import memory as module
from leaderboards.boards.cohort import cohorts
from leaderboards.boards.comparisons import compared, pair_rows
from leaderboards.boards.memory import Memory
from leaderboards.library.library import Library


def rows_of(runs: Path, cache: Path) -> tuple[int, list[dict[str, object]]]:
    memory = Memory(cache)
    (cohort,) = cohorts((entry, "public") for entry in Library(runs).entries())
    rows = list(pair_rows([compared(cohort, memory)]))
    memory.save()
    return memory.computed, rows


def test_only_new_pairs_are_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, cache = tmp_path / "runs", tmp_path / "differences.json"
    run_folder(runs / "a", "a", 0.05, 0.8, 5)
    run_folder(runs / "b", "b", 0.3, 0.7, 6)
    first, rows = rows_of(runs, cache)
    assert first == len(rows) > 0
    again, same = rows_of(runs, cache)
    assert again == 0 and same == rows
    run_folder(runs / "c", "c", 0.1, 0.75, 7)
    more, three = rows_of(runs, cache)
    assert more == 2 * first and len(three) == 3 * first

    held = json.loads(cache.read_text())
    held["pairs"][next(iter(held["pairs"]))] = {"paired": True}
    cache.write_text(json.dumps(held))
    assert rows_of(runs, cache) == (3 * first, three)
    monkeypatch.setattr(module, "code_hash", lambda: "other code")
    assert rows_of(runs, cache) == (3 * first, three)
