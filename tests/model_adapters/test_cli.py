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
    assert {"kind", "name", "source", "licence", "needs"} == set(rows[0])
    assert {("generator", "images"), ("encoder", "rad-dino")} <= {(row["kind"], row["name"]) for row in rows}


def test_show() -> None:
    shown = json.loads(run("show", "noisy-memorizer", "--json"))
    assert shown["options"] == {"sigma": 15.0} and shown["card"]["name"] == "noisy-memoriser"
    assert "--model-option sigma=... (default 15.0)" in run("show", "noisy-memoriser")


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(UserError, match="Did you mean lite0"):
        run("show", "lite00")
    with pytest.raises(UserError, match="model-adapters list"):
        run("show", "zzzzzz")


def test_check_runs_a_control() -> None:
    results = json.loads(run("check", "constant", "--model-option", "size=8", "--json"))
    assert all(each["passed"] is not False for each in results) and "uint8[8, 8]" in results[1]["detail"]
    with pytest.raises(UserError, match="KEY=VALUE"):
        run("check", "constant", "--model-option", "size")
