"""`leaderboards submit` and `validate` as a user and as CI type them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_submissions import ATTACKS
from made_submissions import Pull, copied, pull_request, run_folder

HEAVY = (
    "torch",
    "torchmetrics",
    "pandas",
    "pyarrow",
    "sklearn",
    "PIL",
    "matplotlib",
    "gradio",
    "transformers",
    "datasets",
)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Pull:
    return pull_request(tmp_path_factory.mktemp("honest"))


def command(cwd: Path, *arguments: object, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `leaderboards` on a machine that has none of the heavy packages."""
    code = (
        f"import sys\nfor name in {HEAVY!r}:\n    sys.modules[name] = None\nfrom leaderboards.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"CHEXGENBENCH_CACHE": str(cwd / "cache"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_submit_then_validate(honest: Pull, tmp_path: Path) -> None:
    pull = copied(honest, tmp_path / "leaderboards")
    run = run_folder(tmp_path / "run", "delta", 8)
    done = command(tmp_path, "submit", run, "--into", tmp_path)
    assert "record.json" in done.stdout and "written below" in done.stderr and "git commit" in done.stderr
    report = json.loads(command(tmp_path, "validate", pull.root, "--base", honest.base, "--json").stdout)
    assert report["ok"] and len(report["reports"][0]["records"]) == 2 and report["reports"][0]["recomputed"] == 6
    assert "Acceptable." in command(tmp_path, "validate", pull.root).stderr
    again = command(tmp_path, "submit", run, "--into", tmp_path, expect=1)
    assert "bit for bit" in again.stdout and "Nothing was written." in again.stderr


def test_a_refused_submission(honest: Pull, tmp_path: Path) -> None:
    (attack,) = [each for each in ATTACKS if each.name == "a better number, hash and path mended"]
    pull = attack.tamper(copied(honest, tmp_path))
    diff = tmp_path / "diff"
    diff.write_bytes(b"leaderboards/results/x\0setup.py\0")
    done = command(tmp_path, "validate", pull.root, "--base", honest.base, "--diff", diff, expect=1)
    assert "fid_lite0, overall, raw: value recorded" in done.stdout and "setup.py: lies outside" in done.stdout
    assert "Refused. 1 record(s)" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no folder"),
        (["a", "b"], "one results root, or run folders"),
        (["a", "--base", "a", "--changed", "x"], "either tells"),
        (["a", "--diff", "nowhere"], "git diff"),
        (["run", "--base", "a"], "not to a run folder"),
    ],
)
def test_misuse(arguments: list[str], message: str, tmp_path: Path) -> None:
    for name in ("a", "b", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "run" / "record.json").write_text("{}")
    assert message in command(tmp_path, "validate", *arguments, expect=2).stderr
