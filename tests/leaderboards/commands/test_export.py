from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import made_up_record
import pytest
from typer.testing import CliRunner

from data_splits.errors import UserError
from leaderboards.cli import app
from leaderboards.records.io import write_record


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    record = made_up_record.record()
    model = {**record.model, "name": "=HYPERLINK(1)_&<b>"}
    write_record(tmp_path / "run", made_up_record.record(model=model))
    return tmp_path / "run"


def export(*words: object) -> str:
    done = CliRunner().invoke(app, ["export", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_tables_are_printed_or_written(run_folder: Path, tmp_path: Path) -> None:
    text = export(run_folder, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(made_up_record.results()) and {row["model"] for row in rows} == {"'=HYPERLINK(1)_&<b>"}
    assert export(run_folder, "--format", "csv", "--output", tmp_path / "out") == ""
    assert (tmp_path / "out" / "results.csv").read_text() == text
    for style, name in (("markdown", "results.md"), ("latex", "results.tex")):
        written = json.loads(
            export(run_folder, "--format", style, "--group", "sex=F", "--output", tmp_path / "out", "--json")
        )
        assert written["files"] == [name] and "kid" in (tmp_path / "out" / name).read_text()
    latex = (tmp_path / "out" / "results.tex").read_text()
    assert r"=HYPERLINK(1)\_\&\textless{}b\textgreater{}" in latex


def test_the_hubs_files_lie_in_the_run_unless_told_otherwise(run_folder: Path) -> None:
    export(run_folder, "--format", "hub", "--dataset", "owner/bench")
    found = {str(path.relative_to(run_folder / "hub")) for path in (run_folder / "hub").rglob("*") if path.is_file()}
    assert found == {"README.md", ".eval_results/chexgenbench.yaml"}


def test_a_changed_record_is_not_exported(run_folder: Path) -> None:
    path = run_folder / "record.json"
    path.write_text(
        path.read_text().replace('"run_seed":42', '"run_seed":43').replace('"run_seed": 42', '"run_seed": 43')
    )
    with pytest.raises(UserError, match="was changed"):
        export(run_folder, "--format", "csv")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "csv", "--dataset", "a/b"], "belong to --format hub"),
        (["--format", "markdown", "--group", "sex=X"], "No group"),
        (["--format", "hub", "--dataset", "a"], "data set of the hub"),
    ],
)
def test_misuse_is_said_in_a_line(run_folder: Path, words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        export(run_folder, *words)


def test_nothing_heavy_and_no_yaml_library_is_imported(run_folder: Path) -> None:
    code = (
        f"import sys; sys.argv = ['leaderboards', 'export', {str(run_folder)!r}, '--format', 'hub']\n"
        "import leaderboards.cli as c\n"
        "try:\n    c.main()\nexcept SystemExit as leave:\n    assert not leave.code\n"
        "found = [m for m in ('torch', 'yaml', 'huggingface_hub', 'pandas', 'scipy', 'PIL') if m in sys.modules]\n"
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
