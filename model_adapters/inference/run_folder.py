"""A run folder describes itself: what was asked, and what varied from run to run. Both benchmarks' folders are such.

config.json   what was asked (with local paths; it stays on this machine)
record.json   the result, free of anything that varies from run to run
run.json      seconds, memory, host, package versions: outside the record's hash
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
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from data_splits.errors import UserError
from data_splits.integrity import content_hash, write_json

PACKAGES = ("numpy", "scipy", "torch", "transformers", "safetensors", "pillow", "chexgenbench-suite")


class BaseRunConfig(BaseModel):
    """Everything a run was asked for. Its identity is what changes its numbers; where things lie is not (`runtime`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runtime: ClassVar[tuple[str, ...]] = ()
    """Fields that numbers do not depend on."""

    split: str

    @property
    def identity(self) -> dict[str, Any]:
        """The part of the configuration that numbers depend on (paths excluded)."""
        data = self.model_dump(mode="json", exclude=set(self.runtime))
        return data | {"split": self.split.partition(":")[0]}

    @property
    def hash(self) -> str:
        """sha256 of the identity."""
        return content_hash(self.identity)


Config = TypeVar("Config", bound=BaseRunConfig)


class BaseRunFolder(Generic[Config]):
    """The files of one run below `root`.

    Class attributes:
        kind: the class of its configuration. command: what makes such a folder. packages: whose versions are noted.
    """

    kind: type[Config]
    command: str
    packages: tuple[str, ...] = PACKAGES

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def statistics(self) -> Path:
        return self.root / "statistics"

    @property
    def record(self) -> Path:
        return self.root / "record.json"

    def open(self, config: Config) -> None:
        """Bind the folder to a configuration, or check that it is bound to the same one.

        A folder that holds a configuration and nothing else is free: its run never began (a wrong option, say).

        Raises:
            UserError: the folder holds another run, or something that is no run; or it is no folder.
        """
        path = self.root / "config.json"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UserError(f"{self.root} is a file, or lies below one. Choose a folder with --output.") from None
        others = [entry.name for entry in self.root.iterdir() if entry != path and entry.name[0] != "."]
        if path.exists() and others:
            held = self.config()
            if held.hash != config.hash:
                changed = [name for name in held.identity if held.identity[name] != config.identity[name]]
                raise UserError(
                    f"{self.root} holds another run (different {', '.join(changed)}). "
                    "Choose a new folder with --output, or repeat the old command to resume it."
                )
        elif others:
            raise UserError(f"{self.root} is not empty and holds no run. Choose a new folder with --output.")
        write_json(path, config.model_dump(mode="json"))

    def config(self) -> Config:
        """The configuration that the folder was opened with.

        Raises:
            UserError: the folder is no run of this benchmark.
        """
        path = self.root / "config.json"
        try:
            return self.kind.model_validate_json(path.read_text("utf-8"))
        except FileNotFoundError:
            raise UserError(
                f"{self.root} is no run folder (no config.json). `{self.command} eval` makes one."
            ) from None
        except ValidationError as error:
            fields = ", ".join(str(item["loc"][0]) for item in error.errors() if item["loc"])
            what = f"was not written by this version of {self.command} ({fields})" if fields else "is damaged"
            raise UserError(f"{path} {what}. Start a new run.") from None

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
        log["environment"] = environment(self.packages)
        log["config_hash"] = self.config().hash
        log["stages"].setdefault(name, []).append(facts)
        write_json(path, log)


def environment(packages: tuple[str, ...] = PACKAGES) -> dict[str, Any]:
    """Host, hardware, package versions, command line, and git revision with dirtiness."""
    versions = {}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "packages": versions,
        "command": sys.argv,
        "git": _git(),
    }


def _git() -> dict[str, Any] | None:
    root = Path(__file__).resolve().parents[2]
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
