"""The course of a fit in stages: what each has on disk, and which of all steps it reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_splits.integrity import write_json
from model_adapters.protocols import Saved


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        folder: for its files. name: of its state file. steps: how many it takes. before: steps of earlier stages.
        total: steps of all stages. saved: told of every new step that is safe on disk.
    """

    folder: Path
    name: str
    steps: int
    before: int
    total: int
    saved: Saved

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.name}.json"

    def state(self) -> dict[str, Any]:
        """What an earlier, killed call had stored; empty if nothing."""
        found: dict[str, Any] = json.loads(self._path.read_text("utf-8")) if self._path.is_file() else {}
        return found

    def keep(self, state: Mapping[str, Any], done: int) -> None:
        """Store the state (plain JSON; floats come back exactly), then tell of step `done` of this stage."""
        write_json(self._path, dict(state))
        self.tell(done)

    def tell(self, done: int) -> None:
        """Tell of step `done` of this stage, whose result is safe."""
        self.saved(self.before + done, self.total)


class Course:
    """Stages in order; a stage is asked for by name."""

    def __init__(self, folder: Path, steps: Mapping[str, int], saved: Saved) -> None:
        """Args: folder: of all state files. steps: stage -> how many steps it takes, in order."""
        folder.mkdir(parents=True, exist_ok=True)
        total, before = sum(steps.values()), 0
        self._stages = {}
        for name, count in steps.items():
            self._stages[name] = Stage(folder, name, count, before, total, saved)
            before += count

    def __getitem__(self, name: str) -> Stage:
        return self._stages[name]
