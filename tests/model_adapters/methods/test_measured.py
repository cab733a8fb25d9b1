"""Calls add up, killed ones too, and memory that a call took is seen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model_adapters.methods.measured import BETWEEN, MEASURED_FILE, Measured


def found_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / MEASURED_FILE).read_text())
    return found


def test_seconds_add_up_and_the_largest_memory_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 12.5, 20.0, 21.0])
    monkeypatch.setattr("model_adapters.methods.measured.time.monotonic", lambda: next(now))
    Measured(tmp_path).write()
    first = found_in(tmp_path)
    assert first["seconds"] == 2.5 and first["peak_memory_mb"] > 10
    (tmp_path / MEASURED_FILE).write_text(json.dumps({**first, "peak_memory_mb": 10**6}))
    Measured(tmp_path).write()
    second = found_in(tmp_path)
    assert second["seconds"] == 3.5 and second["peak_memory_mb"] == 10**6


def test_a_killed_call_counts_up_to_its_last_saved_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("model_adapters.methods.measured.time.monotonic", lambda: clock[0])
    told: list[tuple[int, int]] = []
    step = Measured(tmp_path).after_each(lambda done, total: told.append((done, total)))
    for done in (1, 2, 3):
        clock[0] += BETWEEN + 1
        step(done, 9)
    step(4, 9)
    assert told == [(1, 9), (2, 9), (3, 9), (4, 9)] and found_in(tmp_path)["seconds"] == 3 * (BETWEEN + 1)
    # The process ends here without a word; the next one goes on from the file.
    clock[0] = 500.0
    resumed = Measured(tmp_path)
    clock[0] += 1
    resumed.write()
    assert found_in(tmp_path)["seconds"] == 3 * (BETWEEN + 1) + 1


def test_nothing_is_written_before_a_step_is_saved(tmp_path: Path) -> None:
    Measured(tmp_path)
    assert not list(tmp_path.iterdir())


ALONE = """
import sys
from pathlib import Path
from model_adapters.methods.measured import Measured, note_measured

{lines}
"""
"""A process of its own: in one that ran other tests, new memory may come out of what they freed, and none is added."""


def run_alone(lines: str, *folders: Path) -> None:
    subprocess.run([sys.executable, "-c", ALONE.format(lines=lines), *map(str, folders)], check=True)


def test_memory_is_told_beside_what_a_method_noted(tmp_path: Path) -> None:
    run_alone(
        "measured = Measured(Path(sys.argv[1]))\n"
        "held = bytearray(64 * 2**20)\n"
        "note_measured(Path(sys.argv[1]), tensor_reads=3)\n"
        "measured.write()",
        tmp_path,
    )
    found = found_in(tmp_path)
    assert found["tensor_reads"] == 3 and found["peak_memory_mb"] >= found["extra_memory_mb"] >= 60


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process lower its high-water mark")
def test_what_was_held_before_does_not_count(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    run_alone(
        "held = bytearray(256 * 2**20)\n"
        "Measured(Path(sys.argv[1])).write()\n"
        "del held\n"
        "Measured(Path(sys.argv[2])).write()",
        first,
        second,
    )
    assert found_in(second)["peak_memory_mb"] <= found_in(first)["peak_memory_mb"] - 200
    assert found_in(second)["extra_memory_mb"] < 16
