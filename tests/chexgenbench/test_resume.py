"""`kill -9` in every stage, then the same command again: the record is the one of an undisturbed run, bit for bit."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_runs import SMALL_PHANTOM, command, environment, evaluate, run


def kill_when(reached: Callable[[], bool], arguments: list[str | Path], cache: Path) -> bool:
    """Start the command, SIGKILL it as soon as `reached` says so; False if it ended before."""
    process = subprocess.Popen(
        command(*arguments), env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if reached():
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
    return False


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_killed_in_each_stage_and_resumed_to_the_same_record(tmp_path: Path, cache: Path) -> None:
    undisturbed = evaluate(tmp_path / "undisturbed", cache=cache, model="noisy-memoriser")
    output, cold = tmp_path / "killed", tmp_path / "cold"
    arguments: list[str | Path] = [
        *("eval", "--model", "noisy-memoriser", *SMALL_PHANTOM, "--batch-size", "1", "--output", output)
    ]
    moments = {
        "generate": lambda: lines(output / "samples" / "index.jsonl") >= 5,
        "extract": lambda: (output / "samples" / "index.jsonl").exists() and (cold / "image_hashes.jsonl").exists(),
        "score": lambda: (output / "images.json").exists(),
        "report": lambda: (output / "record.json").exists(),
    }
    killed = {stage: kill_when(moment, arguments, cold) for stage, moment in moments.items()}
    assert killed["generate"] and killed["score"], killed
    run(*arguments, cache=cold)
    assert (output / "record.json").read_bytes() == (undisturbed / "record.json").read_bytes()
    assert (output / "report.html").read_bytes() == (undisturbed / "report.html").read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_short_message(tmp_path: Path, cache: Path) -> None:
    output = tmp_path / "run"
    run("generate", "--model", "constant", *SMALL_PHANTOM, "--output", output, cache=cache)
    (output / "samples" / "index.jsonl").unlink()
    (output / "samples" / "index.jsonl").symlink_to("/dev/full")
    done = run("generate", "--model", "constant", *SMALL_PHANTOM, "--output", output, cache=cache, expect=2)
    assert "full" in done.stderr and "Traceback" not in done.stderr
