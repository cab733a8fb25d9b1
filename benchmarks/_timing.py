"""Time and memory of one piece of work, alone in a fresh process; and the line that says on what machine."""

from __future__ import annotations

import multiprocessing
import os
import platform
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from model_adapters.methods.measured import peak, restart_peak

Result = TypeVar("Result")

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Cost:
    """What a piece of work cost.

    Attributes:
        wall: seconds by the clock; noisy on a machine that does other things.
        cpu: seconds of processor time of all threads; what ratios are taken of.
        peak: MiB of memory above what the process held before (imports and input data).
    """

    wall: float
    cpu: float
    peak: float

    def __add__(self, other: Cost) -> Cost:
        """Cost of doing both, one after the other."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak))


def alone(prepare: Callable[..., Callable[[], Result]], *arguments: Any) -> tuple[Result, Cost]:
    """Run `prepare(*arguments)()` in a process of its own and measure the second call only.

    Args:
        prepare: a function of a module; it imports and loads what the work needs, and returns the work.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, prepare, arguments).result()


def one_core() -> None:
    """Restrict this process, and those it starts, to one core and one thread of linear algebra.

    Must run before numpy or torch is imported in the process that is measured; `alone` sees to that.
    """
    for name in THREAD_VARIABLES:
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def machine(*packages: str) -> str:
    """Processor, cores in use, load and package versions, in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = "".join(f", {name} {version(name)}" for name in packages)
    return (
        f"{_processor()}, {cores} of {os.cpu_count()} cores used{load}, {time.strftime('%Y-%m-%d')}; "
        f"Python {platform.python_version()}{versions}"
    )


def revision() -> str:
    """The commit of this checkout, wherever it is called from."""
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _measure(prepare: Callable[..., Callable[[], Result]], arguments: tuple[Any, ...]) -> tuple[Result, Cost]:
    work = prepare(*arguments)
    before = restart_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return result, Cost(wall, cpu, max(0.0, peak() - before))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
