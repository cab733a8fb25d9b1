"""What a fit took: seconds and memory vary without meaning, so they lie beside the record, in measured.json."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from data_splits.integrity import write_json

MEASURED_FILE = "measured.json"


class Measured:
    """Starts the clock of a call."""

    def __init__(self) -> None:
        import psutil

        self._resident = psutil.Process().memory_info().rss
        self._started = time.monotonic()

    def write(self, output: Path, **more: Any) -> None:
        """Add this call to `output`/measured.json.

        `seconds`: of all calls that came to their end; a killed one is lost. `peak_memory_mb`: the largest of any.
        `extra_memory_mb`: this call's peak above what the process held before it.
        """
        import resource

        path = output / MEASURED_FILE
        before = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        write_json(
            path,
            {
                "seconds": round(before.get("seconds", 0.0) + time.monotonic() - self._started, 3),
                "peak_memory_mb": max(before.get("peak_memory_mb", 0), peak // 2**20),
                "extra_memory_mb": max(0, peak - self._resident) // 2**20,
                **more,
            },
        )
