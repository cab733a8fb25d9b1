"""Small real runs that several tests look at: a few dozen phantoms through the whole command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SMALL_PHANTOM = (
    "--split",
    "phantom",
    "--split-option",
    "size=96",
    "--split-option",
    "train=60",
    "--split-option",
    "test=30",
)


def command(*arguments: str | Path) -> list[str]:
    """The command line of `chexgenbench` in this interpreter."""
    return [sys.executable, "-c", "from chexgenbench.cli import main; main()", *map(str, arguments)]


def environment(cache: Path, threads: int = 2) -> dict[str, str]:
    """The environment of a machine that is offline, keeps its features in `cache` and has so many threads."""
    counts = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
    return os.environ | counts | {"CHEXGENBENCH_CACHE": str(cache), "HF_HUB_OFFLINE": "1", "COLUMNS": "200"}


def run(*arguments: str | Path, cache: Path, expect: int = 0, threads: int = 2) -> subprocess.CompletedProcess[str]:
    """Run `chexgenbench` to its end and check the exit code."""
    settings = environment(cache, threads)
    done = subprocess.run(command(*arguments), env=settings, capture_output=True, text=True, timeout=600)
    assert done.returncode == expect, f"exit code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


def evaluate(output: Path, *arguments: str | Path, cache: Path, model: str = "real-holdout", threads: int = 2) -> Path:
    """`eval` of a control generator on the small phantom; returns the run folder."""
    run("eval", "--model", model, *SMALL_PHANTOM, "--output", output, *arguments, cache=cache, threads=threads)
    return output
