"""Seconds of all calls of a fit together, kept beside the work and outside the record."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

from data_splits.integrity import write_json
from model_adapters.protocols import Saved

SECONDS = 2.0
"""Between two writes: a kill loses no more of the count, and the disk is spared a flush for every expert's epoch."""


class Clock:
    """Tells of saved steps, and keeps `measured.json`.

    Args:
        path: of measured.json. saved: as `fit` is given it. total: steps of the whole fit.
    """

    def __init__(self, path: Path, saved: Saved, total: int) -> None:
        self._path, self._saved, self._total = path, saved, total
        known = json.loads(path.read_text("utf-8")) if path.is_file() else {"seconds": 0.0, "peak_memory_mb": 0}
        self._before, self._started = float(known["seconds"]), time.monotonic()
        self._peak, self._written = int(known["peak_memory_mb"]), 0.0

    def after(self, offset: int) -> Callable[[int], None]:
        """A callback for steps that are counted from `offset`."""

        def step(done: int) -> None:
            if time.monotonic() - self._written > SECONDS:
                self.stop()
            self._saved(offset + done, self._total)

        return step

    def stop(self) -> None:
        """Write what was used so far."""
        self._written = time.monotonic()
        seconds = self._before + self._written - self._started
        peak = max(self._peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        write_json(self._path, {"seconds": round(seconds, 3), "peak_memory_mb": peak})
