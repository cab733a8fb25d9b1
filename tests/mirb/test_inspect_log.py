"""Runs as Inspect logs: read back by Inspect itself where it is installed; refused by name where it may not be."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace
from pathlib import Path

import pytest
from mirb_runs import run

from data_splits.errors import UserError
from leaderboards.records.io import read_record
from mirb.inspect_log import export
from mirb.plan import resolve
from mirb.run_folder import RunFolder


def test_inspect_reads_the_run_back(small_run: Path, tmp_path: Path) -> None:
    reader = pytest.importorskip("inspect_ai.log")
    target = tmp_path / "run.eval"
    run("export", small_run, "--output", target)
    log = reader.read_eval_log(str(target))
    assert log.status == "success" and len(log.samples) == 16
    record = read_record(small_run)
    overall = next(each for each in record.results if each.metric == "accuracy" and each.group == "overall")
    scores = {each.name: each.metrics for each in log.results.scores}
    assert scores["overall"]["accuracy"].value == overall.value and scores["overall"]["low"].value == overall.low
    outcomes = [json.loads(line) for line in (small_run / "outcomes.jsonl").read_text().splitlines()]
    value = {"correct": "C", "wrong": "I", "unparsed": "N"}
    samples = {each.id: each for each in log.samples}
    for outcome in outcomes:
        sample = samples.pop(outcome["id"])
        for name, found in outcome["scorers"].items():
            assert sample.scores[f"mirb_{name}"].value == value[found["outcome"]]
    assert not samples


def test_without_inspect_the_fix_is_named(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def absent(name: str, *arguments: object, **named: object) -> object:
        if name.startswith("inspect_ai"):
            raise ModuleNotFoundError(name)
        return whole(name, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", absent)
    assert "pip install inspect-ai" in run("export", small_run, expect=2).stderr


def test_a_credentialed_run_is_not_exported_unless_by_name(small_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(small_run)
    plan = resolve(folder.config())
    private = replace(plan, split=replace(plan.split, credentialed=True))
    with pytest.raises(UserError, match="--show-credentialed"):
        export(folder, private, tmp_path / "run.eval")
    assert not (tmp_path / "run.eval").exists()
