"""Seconds add up over calls, and steps are told from where a part of the work begins."""

from __future__ import annotations

import json
import time
from pathlib import Path

from data_splits.integrity import write_json
from model_adapters.methods.satm.clock import Clock


def test_a_second_call_goes_on_counting(tmp_path: Path) -> None:
    path, told = tmp_path / "measured.json", []
    write_json(path, {"seconds": 100.0, "peak_memory_mb": 10**9})
    clock = Clock(path, lambda done, total: told.append((done, total)), 9)
    time.sleep(0.01)
    step = clock.after(4)
    step(1)
    step(3)
    assert told == [(5, 9), (7, 9)]
    found = json.loads(path.read_text())
    assert 100.01 <= found["seconds"] < 160.0 and found["peak_memory_mb"] == 10**9


def test_a_first_call_starts_at_nothing(tmp_path: Path) -> None:
    Clock(tmp_path / "measured.json", lambda done, total: None, 1).stop()
    found = json.loads((tmp_path / "measured.json").read_text())
    assert 0.0 <= found["seconds"] < 60.0 and 1 < found["peak_memory_mb"] < 10**6
