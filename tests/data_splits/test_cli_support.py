"""Exit codes, clean stdout and no leaks of local variables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from data_splits.cli_support import emit_json, progress_line, track

PROGRAM = """
import errno, sys, typer
from data_splits.cli_support import run, track, emit_json
from data_splits.errors import UserError
app = typer.Typer()

@app.command()
def go(how: str) -> None:
    secret_local = "PROMPT-CANARY"
    if how == "user":
        raise UserError("Point --split at a folder.")
    if how == "disk":
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/file")
    if how == "stop":
        raise KeyboardInterrupt
    if how == "bug":
        raise RuntimeError("a bug")
    emit_json({"n": sum(1 for _ in track(range(3), description="count"))})

run(app)
"""


def command(tmp_path: Path, how: str) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    return subprocess.run([sys.executable, str(program), how], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("user", 2, "error: Point --split at a folder.\n"),
        ("disk", 2, "disk that holds /somewhere is full"),
        ("stop", 130, "Stopped."),
        ("bug", 1, "RuntimeError: a bug"),
    ],
)
def test_exit_code_and_message(tmp_path: Path, how: str, code: int, message: str) -> None:
    done = command(tmp_path, how)
    assert done.returncode == code
    assert message in done.stderr
    assert ("Traceback" in done.stderr) == (how == "bug")
    assert "PROMPT-CANARY" not in done.stderr.replace('secret_local = "PROMPT-CANARY"', "")
    assert done.stdout == ""


def test_success_leaves_only_json_on_stdout(tmp_path: Path) -> None:
    done = command(tmp_path, "fine")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"n": 3}


def test_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        emit_json({"x": float("nan")})


def test_progress_line_and_pass_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert progress_line("extract", 500, 2000, 40.0) == "extract: 500/2000 (25 %), 40 s, about 120 s left"
    assert progress_line("", 7, None, 3.0) == "7, 3 s"
    assert list(track(iter("abc"), description="letters")) == ["a", "b", "c"]
    assert capsys.readouterr().out == ""
