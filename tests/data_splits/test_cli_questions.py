"""`data-splits` for questions, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import made_up_mirb
import pytest
from PIL import Image

SMALL = ("--per-task", "2", "--tasks", "count,food")


def data_splits(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from data_splits.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_list_shows_both() -> None:
    sources = {entry["name"]: entry for entry in json.loads(data_splits("list", "--json").stdout)}
    assert sources["mirb"]["kind"] == sources["mirb-procedural"]["kind"] == "questions"
    assert sources["phantom"]["kind"] == "cases"
    assert sources["mirb-procedural"]["options"]["per_task"] == 50
    assert not sources["mirb-procedural"]["needs"] and sources["mirb"]["needs"]


def test_build_load_verify(tmp_path: Path) -> None:
    done = data_splits("build", "mirb-procedural", "--seed", "7", *SMALL, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    about = json.loads(done.stdout)
    folder = tmp_path / "runs" / "mirb-procedural-seed7-2-food+count"
    assert about["load"] == "mirb-procedural:runs/mirb-procedural-seed7-2-food+count"
    assert {path.name for path in folder.iterdir()} == {"images", "questions.jsonl", "manifest.json"}
    spec = f"mirb-procedural:{folder}"
    good = data_splits("verify", spec, "--manifest", folder / "manifest.json", "--json")
    assert good.returncode == 0, good.stdout
    assert json.loads(good.stdout)["images_read"] == 10
    again = data_splits("verify", "mirb-procedural", *SMALL, "--manifest", folder / "manifest.json")
    assert again.returncode == 0, again.stderr
    other = data_splits("verify", "mirb-procedural", "--seed", "8", *SMALL, "--manifest", folder / "manifest.json")
    assert other.returncode == 2
    assert "options" in other.stderr and "count-s7-0000: in the manifest only" in other.stderr
    image = folder / "images" / "count" / "count-s7-0000.0.png"
    Image.new("RGB", (256, 256)).save(image)
    spoiled = data_splits("verify", spec)
    assert spoiled.returncode == 2 and "pixels differ" in spoiled.stderr


def test_show_one_task_or_all(tmp_path: Path) -> None:
    done = data_splits("show", "mirb-procedural", "--task", "count", "--per-task", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "contact-sheet.png").format == "PNG"
    built = data_splits("build", "mirb-procedural", *SMALL, "--output", tmp_path / "b")
    assert built.returncode == 0, built.stderr
    done = data_splits("show", f"mirb-procedural:{tmp_path / 'b'}", "--output", tmp_path / "s.png", "--count", "1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "s.png").exists() and (tmp_path / "s-count.png").exists()
    assert (tmp_path / "s-food.png").exists()


def test_the_users_copy_is_listed_checked_and_never_copied(tmp_path: Path) -> None:
    root = made_up_mirb.folder(tmp_path / "MIR")
    done = data_splits("build", f"mirb:{root}", "--output", tmp_path / "m.json", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["count"] == 3
    assert "kites" not in (tmp_path / "m.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["MIR", "m.json"]
    assert data_splits("verify", f"mirb:{root}", "--manifest", tmp_path / "m.json").returncode == 0
    (root / "images" / "count" / "k0.jpg").write_bytes(b"broken")
    broken = data_splits("verify", f"mirb:{root}")
    assert broken.returncode == 2 and "images/count/k0.jpg" in broken.stderr
    assert data_splits("show", f"mirb:{root}", "--task", "food", "--output", tmp_path / "f.png").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "mirb-procedural", "--seed", "1", "-o", "seed=2"), "Option seed is given twice"),
        (("build", "phantom"), "--output FILE"),
        (("build", "phantom", "--output", "x.json", "--per-task", "3"), "has no option 'per_task'"),
        (("build", "mirb-procedural", "--materialise", "x"), "--materialise is for cases"),
        (("build", "mirb-procedural", "--tasks", "fod"), "Did you mean food"),
        (("show", "mirb-procedural", "--task", "cuont"), "Did you mean count"),
        (("verify", "mirb:/nowhere"), "--split mirb-procedural"),
    ],
)
def test_user_errors(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = data_splits(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
