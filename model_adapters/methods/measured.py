"""What a fit took: seconds and memory vary without meaning, so they lie beside the record, in measured.json."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from data_splits.integrity import write_json
from model_adapters.protocols import Saved

MEASURED_FILE = "measured.json"

BETWEEN = 2.0
"""Seconds between two writes: a kill loses no more of the count, and quick steps do not wait for the disk."""


class Measured:
    """Starts the clock of a call, and keeps `work`/measured.json while the fit goes on.

    `seconds`: of all calls together, killed ones up to their last saved step. `peak_memory_mb`: the most that any call
    held; on Linux what the process held before it began does not count. `extra_memory_mb`: the most that any call added
    to what the process held when it began. Memory of an accelerator is not counted.
    """

    def __init__(self, work: Path) -> None:
        self._path = work / MEASURED_FILE
        self._before = _read(self._path)
        self._held = restart_peak()
        self._started, self._written = time.monotonic(), 0.0

    def after_each(self, saved: Saved) -> Saved:
        """`saved`, with the clock read."""

        def told(done: int, total: int) -> None:
            if time.monotonic() - self._written > BETWEEN:
                self.write()
            saved(done, total)

        return told

    def write(self) -> None:
        """Put this call so far into the file, beside what the method noted there."""
        self._written = time.monotonic()
        most = peak()
        found = {
            "seconds": round(self._before.get("seconds", 0.0) + self._written - self._started, 3),
            "peak_memory_mb": max(self._before.get("peak_memory_mb", 0), round(most)),
            "extra_memory_mb": max(self._before.get("extra_memory_mb", 0), round(most - self._held)),
        }
        write_json(self._path, {**_read(self._path), **found})


def note_measured(work: Path, **facts: Any) -> None:
    """Put what a method counted itself, and what may vary between equal runs, into `work`/measured.json."""
    path = work / MEASURED_FILE
    write_json(path, {**_read(path), **facts})


def restart_peak() -> float:
    """Memory held now, in MiB; Linux then counts the peak from here, elsewhere it is that of the whole process."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    return peak()


def peak() -> float:
    """The most memory that the process held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / 2**20 if sys.platform == "darwin" else largest / 1024


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found
