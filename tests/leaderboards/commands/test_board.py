"""`leaderboards build` and `serve` as typed: what they print, exit codes, and what they must not import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from compared_runs import run_folder

from leaderboards.boards.board import Board
from leaderboards.records.io import write_record
from leaderboards.records.schema import ResultRecord

FORBIDDEN = ("torch", "gradio", "chexgenbench", "mirb", "matplotlib", "PIL")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys; sys.argv = ['leaderboards', *{list(words)!r}]\nimport leaderboards.cli as c\ntry:\n    c.main()\n"
    )
    code += f"finally:\n    sys.stderr.write('LOADED ' + ' '.join(m for m in {FORBIDDEN!r} if m in sys.modules))"
    environment = os.environ | {"CHEXGENBENCH_CACHE": str(folder / "cache")}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


def test_build_then_a_lie_is_left_out(tmp_path: Path) -> None:
    run_folder(tmp_path / "mine" / "a", "a", 0.05, 0.8, 5)
    run_folder(tmp_path / "mine" / "b", "b", 0.3, 0.7, 6)
    words = ("build", "--no-public", "--results", str(tmp_path / "mine"), "--output", str(tmp_path / "board"))
    done = run(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "2 records in 1 tables" in done.stderr and "LOADED" in done.stderr and done.stderr.endswith("LOADED ")
    board = Board.read(tmp_path / "board")
    assert [row["tier"] for row in board.models.values()] == ["recomputed from statistics"] * 2
    assert {row["origin"] for row in board.models.values()} == {"private"}

    data = json.loads((tmp_path / "mine" / "a" / "record.json").read_text())
    data["results"][0]["value"] += 0.001
    write_record(tmp_path / "mine" / "a", ResultRecord.model_validate(data))
    done = run(tmp_path, *words, "--json")
    assert done.returncode == 1 and len(json.loads(done.stdout)["left_out"]) == 1
    assert [row["name"] for row in Board.read(tmp_path / "board").models.values()] == ["b"]


def test_a_folder_without_records_is_told(tmp_path: Path) -> None:
    run_folder(tmp_path / "deep" / "er" / "a", "a")
    words = ("build", "--no-public", "--output", str(tmp_path / "board"), "--results")
    assert "holds no record" in run(tmp_path, *words, str(tmp_path / "deep")).stderr
    assert "holds no record" not in run(tmp_path, *words, str(tmp_path / "deep" / "er")).stderr


def test_mistakes_of_the_user_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(tmp_path, "build", "--no-public", "--output", str(tmp_path / "file"))
    assert done.returncode == 2 and "a file where a folder is needed" in done.stderr and "Traceback" not in done.stderr
    done = run(tmp_path, "build", "--results", str(tmp_path / "nowhere"), "--output", str(tmp_path / "board"))
    assert done.returncode == 2 and "There is no folder" in done.stderr and "Traceback" not in done.stderr
    done = run(tmp_path, "serve", "--board", str(tmp_path / "empty"))
    assert done.returncode == 2 and "Traceback" not in done.stderr and ("build" in done.stderr or "pip" in done.stderr)
