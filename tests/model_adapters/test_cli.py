import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from data_splits.errors import UserError
from model_adapters.cli import app


def run(*args: str) -> str:
    result = CliRunner().invoke(app, list(args), catch_exceptions=False, standalone_mode=False)
    return result.stdout


def test_list_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom model_adapters.cli import app\n"
        "result = CliRunner().invoke(app, ['list'], catch_exceptions=False)\n"
        "assert 'sana' in result.stdout and 'lite0' in result.stdout, result.stdout\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'pandas', 'scipy.stats', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_list_json() -> None:
    rows = json.loads(run("list", "--json"))
    facts = {"source", "licence", "verified", "parameters", "download_gb", "memory_gb", "needs"}
    assert {"kind", "name", *facts} == set(rows[0])
    listed = {(row["kind"], row["name"]) for row in rows}
    assert {("generator", "images"), ("encoder", "rad-dino"), ("report-writer", "vlm-lora")} <= listed
    assert all(row["licence"] and row["source"] for row in rows)


def test_list_of_one_kind_tells_size_and_needs() -> None:
    lines = run("list", "--kind", "generator").splitlines()
    (at,) = [index for index, line in enumerate(lines) if line.startswith("  sana ")]
    assert "600 M, 8.9 GB" in lines[at] and "(unverified)" in lines[at] and "CUDA" in lines[at + 1]
    assert not any(line.startswith("encoders") for line in lines)
    with pytest.raises(UserError, match="--kind is one of generator, encoder"):
        run("list", "--kind", "writer")


def test_show() -> None:
    shown = json.loads(run("show", "noisy-memorizer", "--json"))
    assert shown["options"] == {"sigma": 15.0} and shown["card"]["name"] == "noisy-memoriser"
    assert "--model-option sigma=... (default 15.0)" in run("show", "noisy-memoriser")


def test_a_name_of_two_kinds_says_how_to_reach_the_other() -> None:
    shown = CliRunner().invoke(app, ["show", "embedded"])
    assert shown.stdout.startswith("embedded (generator)") and "vlm/embedded is there too" in shown.stderr
    shown = CliRunner().invoke(app, ["show", "vlm/embedded"])
    assert shown.stdout.startswith("embedded (vlm)") and "there too" not in shown.stderr


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(UserError, match="Did you mean lite0"):
        run("show", "lite00")
    with pytest.raises(UserError, match=r"Did you mean embedded or embedded-tuned\?"):
        run("show", "embeded")
    with pytest.raises(UserError, match="model-adapters list"):
        run("show", "zzzzzz")


def test_check_runs_a_control() -> None:
    results = json.loads(run("check", "constant", "--model-option", "size=8", "--json"))
    assert all(each["passed"] is not False for each in results) and "uint8[8, 8]" in results[1]["detail"]
    with pytest.raises(UserError, match="KEY=VALUE"):
        run("check", "constant", "--model-option", "size")


@pytest.mark.parametrize(("name", "told"), [("minilm", "float32[8, 384]"), ("nearest-report", "8 of 8 reports")])
def test_check_knows_text_encoders_and_report_writers(name: str, told: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(tmp_path))
    results = json.loads(run("check", name, "--json"))
    assert all(each["passed"] for each in results) and told in {each["detail"] for each in results}


def test_new_writes_and_tells_the_next_steps(tmp_path) -> None:
    said = run("new", "my-model", "--kind", "vlm", "--output", str(tmp_path))
    assert (tmp_path / "my_model.py").is_file() and (tmp_path / "test_my_model.py").is_file()
    assert 'my-model = "my_model:build"' in said and "mirb eval --vlm my-model" in said
    with pytest.raises(UserError, match="exists already"):
        run("new", "my-model", "--kind", "vlm", "--output", str(tmp_path))
    with pytest.raises(UserError, match="'sana' is taken"):
        run("new", "sana", "--kind", "vlm", "--output", str(tmp_path))
    with pytest.raises(UserError, match="--kind is one of generator, vlm"):
        run("new", "other", "--kind", "metric", "--output", str(tmp_path))
