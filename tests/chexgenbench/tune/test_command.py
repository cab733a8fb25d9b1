"""`chexgenbench tune capacity-control`, really: trains, draws and scores; a second call goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chexgenbench.cli import app
from data_splits.errors import UserError
from leaderboards.records.io import read_record, record_hash

pytest.importorskip("optuna", reason="the extra `tune` is not installed")


def tune(*arguments: str | Path) -> str:
    done = CliRunner().invoke(
        app, ["tune", "capacity-control", *map(str, arguments)], catch_exceptions=False, standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_a_small_search_is_real_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "search"
    asked = (
        "--split", "phantom", "--split-option", "seed=1", "--split-option", "train=3", "--split-option", "test=8",
        "--split-option", "size=128", "--family", "bias", "--input", "steps=2", "--input", "batch=1",
        "--rates", "1e-4", "1e-2", "--memorisation", "noise_norm", "--cases", "6", "--controls", "3", "--probes", "3",
        "--draws", "1", "--model-option", "steps=1", "--cache", tmp_path / "cache", "--output", out,
    )  # fmt: skip
    first = json.loads(tune(*asked, "--trials", "1", "--json"))
    assert [each["number"] for each in first["trials"]] == [0] and first["front"] == [0]
    shown = tune(*asked, "--trials", "2")
    found = json.loads((out / "tune.json").read_text())
    before, after = found["trials"]
    (earlier,) = first["trials"]
    same = {name for name in before if before[name] == earlier[name]}
    assert "Pareto front" in shown and same >= before.keys() - {"on_front"}, "the first trial was not repeated"
    assert before["mask"] == "1111" and before["learning_rate"] == 5e-4 and before["trainable"] > 0
    assert (after["mask"], after["learning_rate"]) != (before["mask"], before["learning_rate"])
    assert len((out / "trials.csv").read_text().splitlines()) == 3 and (out / "front.svg").exists()
    for each in found["trials"]:
        record = read_record(out / f"trials/{each['number']:04d}/run")
        values = {result.metric: result.value for result in record.results}
        assert record_hash(record) == each["record_sha256"]
        assert (values["noise_norm"], values["kid_lite0"]) == (each["memorisation"], each["fidelity"])
        members = json.loads((out / f"trials/{each['number']:04d}/training/artifact.json").read_text())
        assert members["record"]["settings"]["mask"] == each["mask"] and members["record"]["images"] >= 3
        kept = (out / f"trials/{each['number']:04d}/training/work/model").exists()
        assert kept == (each["number"] in found["front"])


def test_what_cannot_be_is_said_before_anything_is_trained(tmp_path: Path) -> None:
    common = ("--split", "phantom", "--output", tmp_path / "out", "--cache", tmp_path / "cache")
    with pytest.raises(UserError, match="Did you mean svdiff"):
        tune(*common, "--family", "svdif")
    with pytest.raises(UserError, match="--sampler is one of tpe, random"):
        tune(*common, "--sampler", "grid")
    with pytest.raises(UserError, match="mask is what the search sets"):
        tune(*common, "--input", "mask=1")
    with pytest.raises(UserError, match="Did you mean steps"):
        tune(*common, "--input", "stepz=1")
    with pytest.raises(UserError, match="no metric 'kid_lite9'"):
        tune(*common, "--fidelity", "kid_lite9")
    with pytest.raises(UserError, match="needs its encoder's name: kid_lite0"):
        tune(*common, "--fidelity", "kid")
    with pytest.raises(UserError, match="phantm"):
        tune("--split", "phantm", *common[2:])
    assert not list(tmp_path.rglob("model")) and not list(tmp_path.rglob("key.json"))
