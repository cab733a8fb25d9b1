"""`kill -9` in every stage, then the same command again: the record is the one of an undisturbed run, bit for bit."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
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
    assert all(killed.values()), killed
    run(*arguments, cache=cold)
    assert (output / "record.json").read_bytes() == (undisturbed / "record.json").read_bytes()
    assert (output / "report.html").exists()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB; skips where this user may not mount one."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_short_message_and_loses_nothing(tiny_disk: Path, cache: Path) -> None:
    output = tiny_disk / "run"
    arguments = ("generate", "--model", "noisy-memoriser", *SMALL_PHANTOM, "--batch-size", "2", "--output", output)
    done = run(*arguments, cache=cache, expect=2)
    assert "is full" in done.stderr and "Traceback" not in done.stderr
    drawn = lines(output / "samples" / "index.jsonl")
    assert drawn > 4
    subprocess.run(["mount", "-o", "remount,size=8m", str(tiny_disk)], check=True)
    assert f"{drawn} were there already" in run(*arguments, cache=cache).stderr
