"""The command line: exit codes, outputs, and what it must not import."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import made_up_record
import numpy as np
import pytest

from leaderboards.records.io import write_record
from leaderboards.records.statistics_store import StatisticsWriter

FORBIDDEN = (
    "torch",
    "chexgenbench",
    "mirb",
    "model_adapters",
    "transformers",
    "diffusers",
    "gradio",
    "matplotlib",
    "PIL",
)


def run(*words: str, entry: str = "import leaderboards.cli as c; c.main()") -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.argv = ['leaderboards', *{list(words)!r}]\ntry:\n    exec({entry!r})\nfinally:\n"
    code += f"    sys.stderr.write('LOADED ' + ' '.join(m for m in {FORBIDDEN!r} if m in sys.modules) + chr(10))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    writer = StatisticsWriter(tmp_path / "statistics")
    results = made_up_record.results()
    wanted = next(result for result in results if result.metric == "kid_lite0" and result.group == "sex=F")
    reference = writer.add("kid_lite0", "sex=F", "raw", {"value": np.array(0.25)})
    plain = wanted.model_copy(
        update={"value": 0.25, "low": None, "high": None, "se": None, "method": "", "estimator": "scalar",
                "statistics": reference, "interval_reason": "no interval exists for this definition"}
    )  # fmt: skip
    results = [plain if result is wanted else result for result in results]
    write_record(tmp_path, made_up_record.record(results=results, statistics=writer.close()))
    return tmp_path


def test_verify_agrees_then_names_what_does_not(run_folder: Path) -> None:
    done = run("verify", str(run_folder))
    assert done.returncode == 0, done.stderr
    assert "1 results recomputed" in done.stderr and "All agree" in done.stderr

    data = json.loads((run_folder / "record.json").read_text())
    changed = next(result for result in data["results"] if result["statistics"])
    changed["value"] = 0.2
    from leaderboards.records.schema import ResultRecord

    write_record(run_folder, ResultRecord.model_validate(data))
    done = run("verify", str(run_folder))
    assert done.returncode == 1
    assert all(word in done.stdout for word in ("kid_lite0", "sex=F", "0.2", "0.25"))
    told = json.loads(run("verify", str(run_folder), "--json").stdout)
    assert told["ok"] is False and told["discrepancies"][0]["recomputed"] == 0.25


def test_show_in_every_format(run_folder: Path) -> None:
    text = run("show", str(run_folder)).stdout
    assert "kid_lite0" in text and "0.0299 to 0.0343" in text and "pathology" not in text
    rows = list(csv.DictReader(io.StringIO(run("show", str(run_folder), "--format", "csv").stdout)))
    assert len(rows) == len(json.loads((run_folder / "record.json").read_text())["results"])
    assert run("show", str(run_folder), "--format", "latex").stdout.count(r"\\") > 10
    assert run("show", str(run_folder), "--format", "markdown").stdout.startswith("| metric |")
    told = json.loads(run("show", str(run_folder), "--group", "sex=F", "--json").stdout)
    assert {result["group"] for result in told["results"]} == {"sex=F"}


def test_mistakes_are_one_line_and_exit_code_2(run_folder: Path) -> None:
    for words, message in [
        (("verify", str(run_folder / "none")), "no record.json"),
        (("show", str(run_folder), "--group", "pathology=Edma"), "did you mean pathology=Edema"),
    ]:
        done = run(*words)
        assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_nothing_heavy_is_imported(run_folder: Path) -> None:
    for words in (("--help",), ("verify", str(run_folder)), ("show", str(run_folder))):
        loaded = run(*words).stderr.splitlines()[-1]
        assert loaded.strip() == "LOADED", loaded


def test_help_needs_neither_numpy_nor_pydantic() -> None:
    code = (
        "import sys, leaderboards.cli; print([m for m in ('numpy', 'pydantic', 'jinja2', 'scipy') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
