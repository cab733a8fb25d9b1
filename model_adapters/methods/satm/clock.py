"""Seconds of all calls of a fit together, kept beside the work and outside the record."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

from data_splits.integrity import write_json
from model_adapters.protocols import Saved


class Clock:
    """Tells of saved steps, and writes `measured.json` at each.

    Args:
        path: of measured.json. saved: as `fit` is given it. total: steps of the whole fit.
    """

    def __init__(self, path: Path, saved: Saved, total: int) -> None:
        self._path, self._saved, self._total = path, saved, total
        known = json.loads(path.read_text("utf-8")) if path.is_file() else {"seconds": 0.0, "peak_memory_mb": 0}
        self._before, self._started = float(known["seconds"]), time.monotonic()
        self._peak = int(known["peak_memory_mb"])

    def after(self, offset: int) -> Callable[[int], None]:
        """A callback for steps that are counted from `offset`."""

        def step(done: int) -> None:
            self.stop()
            self._saved(offset + done, self._total)

        return step

    def stop(self) -> None:
        """Write what was used so far."""
        seconds = self._before + time.monotonic() - self._started
        peak = max(self._peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        write_json(self._path, {"seconds": round(seconds, 3), "peak_memory_mb": peak})
