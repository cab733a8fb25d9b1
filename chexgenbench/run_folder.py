"""A run folder describes itself: resolved configuration, samples, statistics, record, report, and what varied.

config.json   what was asked (with local paths; it stays on this machine)
samples/      generated images (SampleStore)
statistics/   arrays from which every number of the record can be recomputed
record.json   the result, free of anything that varies from run to run
run.json      seconds, memory, host, package versions: outside the record's hash
report.html, results.csv
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data_splits.errors import UserError
from data_splits.integrity import content_hash, write_json

PACKAGES = (
    "numpy",
    "scipy",
    "torch",
    "diffusers",
    "transformers",
    "safetensors",
    "pillow",
    "pydicom",
    "chexgenbench-suite",
)


class RunConfig(BaseModel):
    """Everything a run was asked for.

    The identity of a run is what changes its numbers; where things lie and how fast they go (`RUNTIME`) is not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    split: str
    subset: str | None = None
    protocol: Literal["v1", "v2"] = "v2"
    preset: Literal["quick", "full"] = "quick"
    metrics: tuple[str, ...] | None = None
    encoders: tuple[str, ...] | None = None
    seed: int = 42
    limit: int | None = Field(default=None, ge=2)
    delta: float | None = Field(default=None, ge=0, le=1)
    dtype: str | None = None
    model_options: dict[str, str] = Field(default_factory=dict)
    split_options: dict[str, str] = Field(default_factory=dict)
    allow_missing: bool = False
    max_bad: int = Field(default=0, ge=0)

    weights: str | None = None
    encoder_weights: dict[str, str] = Field(default_factory=dict)
    device: str = "cpu"
    batch_size: int = Field(default=8, ge=1)
    workers: int = Field(default=0, ge=0)
    cache: str | None = None
    show_credentialed: bool = False

    @property
    def identity(self) -> dict[str, Any]:
        """The part of the configuration that numbers depend on (paths excluded)."""
        data = self.model_dump(mode="json", exclude=set(RUNTIME))
        return data | {"split": self.split.partition(":")[0]}

    @property
    def hash(self) -> str:
        """sha256 of the identity."""
        return content_hash(self.identity)


RUNTIME = (
    "weights",
    "encoder_weights",
    "device",
    "batch_size",
    "workers",
    "cache",
    "show_credentialed",
    "max_bad",
    "allow_missing",
)


class RunFolder:
    """The files of one run below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def samples(self) -> Path:
        return self.root / "samples"

    @property
    def statistics(self) -> Path:
        return self.root / "statistics"

    @property
    def scratch(self) -> Path:
        """Costly intermediate results of metrics; may be deleted at any time."""
        return self.root / "scratch"

    @property
    def record(self) -> Path:
        return self.root / "record.json"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    def open(self, config: RunConfig) -> None:
        """Bind the folder to a configuration, or check that it is bound to the same one.

        Raises:
            UserError: the folder holds another run, or something that is no run.
        """
        path = self.root / "config.json"
        if path.exists():
            held = self.config()
            if held.hash != config.hash:
                changed = [name for name in held.identity if held.identity[name] != config.identity[name]]
                raise UserError(
                    f"{self.root} holds another run (different {', '.join(changed)}). "
                    "Choose a new folder with --output, or repeat the old command to resume it."
                )
        elif self.root.exists() and any(entry.name[0] != "." for entry in self.root.iterdir()):
            raise UserError(f"{self.root} is not empty and holds no run. Choose a new folder with --output.")
        write_json(path, config.model_dump(mode="json"))

    def config(self) -> RunConfig:
        """The configuration that the folder was opened with.

        Raises:
            UserError: the folder is no run.
        """
        path = self.root / "config.json"
        try:
            return RunConfig.model_validate_json(path.read_text("utf-8"))
        except FileNotFoundError:
            raise UserError(f"{self.root} is no run folder (no config.json). `chexgenbench eval` makes one.") from None
        except ValidationError as error:
            fields = ", ".join(str(item["loc"][0]) for item in error.errors() if item["loc"])
            raise UserError(f"{path} was not written by this version ({fields}). Start a new run.") from None

    @contextmanager
    def stage(self, name: str) -> Iterator[dict[str, Any]]:
        """Time a stage; what the body puts into the yielded dict lands beside it in run.json."""
        facts: dict[str, Any] = {}
        started = time.perf_counter()
        yield facts
        facts["seconds"] = round(time.perf_counter() - started, 3)
        facts["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        path = self.root / "run.json"
        log: dict[str, Any] = {"stages": {}}
        if path.exists():
            try:
                log = json.loads(path.read_text("utf-8"))
            except ValueError:
                log = {"stages": {}}
        log["environment"] = environment()
        log["config_hash"] = self.config().hash
        log["stages"].setdefault(name, []).append(facts)
        write_json(path, log)


def environment() -> dict[str, Any]:
    """Host, hardware, package versions, command line, and git revision with dirtiness."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "absent"
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "packages": packages,
        "command": sys.argv,
        "git": _git(),
    }


def _git() -> dict[str, Any] | None:
    root = Path(__file__).resolve().parent.parent
    try:
        commit = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
        status = subprocess.run(
            ["git", "-C", str(root), "status", "--porcelain", "-uno"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "dirty": bool(status.strip())}
