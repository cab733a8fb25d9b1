"""Calls add up, and memory that a call took is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_adapters.methods.measured import MEASURED_FILE, Measured


def test_seconds_add_up_and_the_largest_memory_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 12.5, 20.0, 21.0])
    monkeypatch.setattr("model_adapters.methods.measured.time.monotonic", lambda: next(now))
    Measured().write(tmp_path, passes=3)
    first = json.loads((tmp_path / MEASURED_FILE).read_text())
    assert first["seconds"] == 2.5 and first["passes"] == 3 and first["peak_memory_mb"] > 10
    (tmp_path / MEASURED_FILE).write_text(json.dumps({**first, "peak_memory_mb": 10**6}))
    Measured().write(tmp_path)
    second = json.loads((tmp_path / MEASURED_FILE).read_text())
    assert second["seconds"] == 3.5 and second["peak_memory_mb"] == 10**6


def test_memory_and_seconds_are_told(tmp_path: Path) -> None:
    measured = Measured()
    held = bytearray(64 * 2**20)
    measured.write(tmp_path, tensor_reads=3)
    found = json.loads((tmp_path / MEASURED_FILE).read_text())
    assert found["tensor_reads"] == 3 and found["peak_memory_mb"] >= found["extra_memory_mb"] >= 60 and len(held)
