import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from typer.testing import CliRunner

from data_splits.errors import UserError
from model_adapters.check_method import check_method
from model_adapters.cli import app
from model_adapters.methods.bads.method import build
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext


def run(inputs: dict[str, Any], folder: Path, seed: int = 0) -> Any:
    return run_method(build(BuildContext()), inputs, folder, seed)


def table(path: Path, grouped: bool = False, **arrays: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    made = {"inputs": rng.normal(size=(12, 3)).astype(np.float32), "targets": np.arange(12) % 2, **arrays}
    if grouped:
        made["groups"] = np.arange(12)
    save_file({name: each for name, each in made.items() if each is not None}, path)
    return str(path)


def test_keeps_the_contract_killed_by_sigkill() -> None:
    checks = check_method("model_adapters.methods.bads.method:build")
    assert len(checks) == 8 and not [check for check in checks if not check.passed]


def test_from_the_command_line_to_weights_and_a_record(tmp_path: Path) -> None:
    made = build(BuildContext()).made_up_inputs(tmp_path)
    inputs = [part for name, value in made.items() for part in ("--input", f"{name}={value}")]
    told = CliRunner().invoke(app, ["train", "bads", *inputs, "--output", str(tmp_path / "out"), "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    record, folder = found["record"], Path(found["artifact"])
    assert found["kind"] == "split" and record["method"] == "bads" and record["control"] is False
    assert record["budget"] == {"meta_at_most": 9} and record["labelled"] == 69 and record["reconstructed"]
    assert record["diagnostics"]["chain"]["mean_weight"]["independent_draws"] >= 1.0
    rows = list(csv.DictReader((folder / "weights.csv").open(newline="")))
    assert [row["set"] for row in rows] == ["train"] * 60 + ["meta"] * 9
    assert all(0.0 <= float(row["weight"]) <= 1.0 for row in rows)
    assert (folder / "trace.csv").read_text().startswith("step,meta_loss,train_loss,mean_weight\n")
    assert {path.name for path in (folder / "model").iterdir()} == {"network.safetensors", "network.json"}
    measured = json.loads((tmp_path / "out" / "work" / "measured.json").read_text())
    assert measured["seconds"] > 0 and measured["peak_memory_mb"] > 0
    assert str(tmp_path) not in json.dumps(record)


def test_help_teaches_every_input() -> None:
    told = CliRunner().invoke(app, ["train", "bads", "--inputs"])
    assert told.exit_code == 0 and "a budget" in told.output and "Reconstruction" in told.output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": "best"}, "No rule is called 'best': choose from bads, mixing"),
        ({"meta_at_most": 1}, "meta_at_most = 1 cannot be met"),
        ({"meta_at_most": "few"}, "must be a number"),
        ({"meta_at_most": 0}, "a whole number of trusted examples, at least 1"),
        ({"share": 2.0}, "share is 2"),
        ({"rate": 1e18}, "diverged"),
    ],
)
def test_wrong_inputs_are_told_in_a_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    inputs = build(BuildContext()).made_up_inputs(tmp_path) | change
    with pytest.raises(UserError, match=message) as told:
        run(inputs, tmp_path / "out")
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"targets": None}, "has no labels: it lacks the tensor targets"),
        ({"inputs": None}, "lacks the tensor inputs"),
        ({"targets": np.full((12, 2), np.nan, np.float32)}, "has no labels: every cell"),
        ({"targets": np.full((12, 2), 0.5, np.float32)}, "no class or label"),
        ({"targets": np.arange(11)}, "inputs are float32"),
        ({"inputs": np.full((12, 3), np.inf, np.float32)}, "not finite"),
        ({"inputs": np.zeros((12, 4), np.float32)}, "other shapes"),
        ({"groups": np.arange(12) + 11}, r"1 group\(s\) stand in both"),
        ({"groups": np.arange(11)}, "groups are int64"),
        ({"groups": np.arange(12) + 0.5}, "groups are int64"),
    ],
)
def test_tables_that_cannot_be_learnt_from_are_refused(tmp_path: Path, train: dict[str, Any], message: str) -> None:
    inputs = {"train": table(tmp_path / "a.safetensors", **train), "meta": table(tmp_path / "b.safetensors", True)}
    with pytest.raises(UserError, match=message):
        run(inputs, tmp_path / "out")


def test_one_table_is_not_both_sets_and_changed_data_are_noticed(tmp_path: Path) -> None:
    inputs = build(BuildContext()).made_up_inputs(tmp_path)
    with pytest.raises(UserError, match="both the training set and the meta set"):
        run(inputs | {"meta": inputs["train"]}, tmp_path / "same")
    method = build(BuildContext())

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(method, inputs, tmp_path / "out", 0, stop)
    table(Path(inputs["train"]), inputs=np.zeros((12, 5), np.float32))
    with pytest.raises(UserError, match="The data changed since"):
        run_method(method, inputs, tmp_path / "out", 0)


def test_a_scorer_may_be_handed_in(tmp_path: Path) -> None:
    inputs = build(BuildContext()).made_up_inputs(tmp_path)
    scores = tmp_path / "scores.csv"
    scores.write_text("id,score\n" + "".join(f"{row},{row}\n" for row in range(60)))
    artifact = run(inputs | {"rule": "ask", "scorer": str(scores), "share": 0.25}, tmp_path / "out")
    rows = list(csv.DictReader((artifact.folder / "weights.csv").open(newline="")))
    assert [float(row["weight"]) for row in rows[:60]] == [0.0] * 45 + [1.0] * 15
    assert [row["score"] for row in rows[58:62]] == ["58", "59", "", ""]
    assert artifact.record["control"] is True and artifact.record["settings"]["scorer"] == "a file of scores"
