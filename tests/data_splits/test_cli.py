"""The command `data-splits`, run as a user runs it; and that credentialed text never comes out of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import made_up_splits
import pytest
from PIL import Image

SMALL = ("-o", "train=2", "-o", "test=3", "-o", "size=64")


def data_splits(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = "from data_splits.cli import main; main()"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom data_splits.cli import app\nfrom typer.testing import CliRunner\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print(sorted({'torch', 'pandas', 'numpy', 'PIL', 'pydicom', 'datasets', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_list_names_every_source() -> None:
    done = data_splits("list", "--json")
    sources = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert sources["mimic-cxr"]["credentialed"]
    assert sources["phantom"]["options"] == {"seed": 0, "size": 256, "train": None, "test": None}
    assert "PhysioNet" in data_splits("list").stdout


def test_build_is_the_same_bytes_and_verify_accepts_them(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        done = data_splits("build", "phantom", *SMALL, "--output", tmp_path / name, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["counts"]["test"]["patients"] == 3
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    done = data_splits("verify", "phantom", *SMALL, "--manifest", tmp_path / "a.json")
    assert done.returncode == 0, done.stderr
    assert "problems: 0" in done.stdout
    other = data_splits("verify", "phantom", "-o", "train=2", "--manifest", tmp_path / "a.json", "--no-images")
    assert other.returncode == 2
    assert "Traceback" not in other.stderr
    assert "not in the manifest" in other.stderr


def test_build_materialises_a_folder_that_verifies(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = data_splits("build", "phantom", *SMALL, "--output", tmp_path / "m.json", "--materialise", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["materialised"] == str(folder / "cases.csv")
    assert data_splits("verify", f"folder:{folder}").returncode == 0
    image = next((folder / "images").iterdir())
    image.write_bytes(image.read_bytes() + b"x")
    spoiled = data_splits("verify", f"folder:{folder}", "--json")
    assert spoiled.returncode == 2
    assert len(json.loads(spoiled.stdout)["problems"]) == 1


def test_show_draws_a_png(tmp_path: Path) -> None:
    done = data_splits("show", "phantom", *SMALL, "--output", tmp_path / "s.png", "--count", "3", "--size", "64")
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "s.png").format == "PNG"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("verify", "phantm"), "error: No split is called 'phantm'. Did you mean phantom?"),
        (("verify", "mimic-cxr:/nowhere"), "works right now, without any data: --split phantom"),
        (("verify", "phantom", "-o", "seed"), "error: An option is written KEY=VALUE"),
        (("verify", "phantom", "-o", "sed=1"), "Did you mean seed?"),
        (("show", "phantom", *SMALL, "--subset", "validate"), "it has test, train."),
    ],
)
def test_user_errors_are_short_and_exit_2(arguments: tuple[str, ...], message: str) -> None:
    done = data_splits(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 6


def test_credentialed_text_and_patients_never_come_out(tmp_path: Path) -> None:
    root = made_up_splits.mimic(tmp_path / "data")
    spec = f"mimic-cxr:{root}"
    out = tmp_path / "out"
    runs = [
        data_splits("build", spec, "--output", out / "m.json", "--json"),
        data_splits("build", spec, "--output", out / "m2.json", "--materialise", out / "folder"),
        data_splits("verify", spec, "--manifest", out / "m.json", "--json"),
        data_splits("verify", spec),
        data_splits("show", spec, "--output", out / "sheet.png"),
        data_splits("verify", spec, "-o", "prompt=nothing"),
    ]
    assert [run.returncode for run in runs] == [0, 2, 0, 0, 2, 2]
    table = root / "LLAVARAD_ANNOTATIONS_TEST.csv"
    table.write_text(table.read_text().replace(".jpg", "").replace("/s5", "/x5", 1))
    runs.append(data_splits("verify", spec))
    table.write_text(table.read_text() + '"unclosed, CANARY-TEXT\n')
    runs.append(data_splits("verify", spec))
    table.write_text(table.read_text().split("\n", 1)[1])  # no header: the first row stands in its place
    runs.append(data_splits("verify", spec))
    assert [run.returncode for run in runs[-3:]] == [2, 2, 2]
    said = "".join(run.stdout + run.stderr for run in runs)
    assert "CANARY" not in said
    written = [path for path in out.rglob("*") if path.is_file()]
    assert {path.name for path in written} == {"m.json", "m2.json"}
    for path in written:
        assert b"CANARY" not in path.read_bytes()
        assert b"10001000" not in path.read_bytes()
