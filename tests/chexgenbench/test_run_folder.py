"""A run folder describes itself and refuses another run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chexgenbench.run_folder import RunConfig, RunFolder
from data_splits.errors import UserError


def test_same_run_reopens_whatever_the_speed_options(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.open(RunConfig(model="embedded", split="phantom", batch_size=8))
    folder.open(RunConfig(model="embedded", split="phantom", batch_size=2, workers=5, device="cuda"))
    assert folder.config().batch_size == 2


def test_paths_are_not_part_of_the_identity() -> None:
    one = RunConfig(model="sana", split="mimic-cxr:/data/a", weights="/w1")
    two = RunConfig(model="sana", split="mimic-cxr:/elsewhere", weights="/w2")
    assert one.hash == two.hash
    assert one.hash != RunConfig(model="sana", split="mimic-cxr:/data/a", seed=1).hash


def test_another_run_is_refused_by_naming_what_differs(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.open(RunConfig(model="embedded", split="phantom"))
    (tmp_path / "run" / "samples").mkdir()
    with pytest.raises(UserError, match=r"different model, seed"):
        folder.open(RunConfig(model="constant", split="phantom", seed=7))


def test_a_run_that_never_began_leaves_its_folder_free(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.open(RunConfig(model="embeded", split="phantom"))
    folder.open(RunConfig(model="embedded", split="phantom"))
    assert folder.config().model == "embedded"


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="not empty"):
        RunFolder(tmp_path).open(RunConfig(model="embedded", split="phantom"))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_no_run_and_foreign_config_are_user_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run folder"):
        RunFolder(tmp_path).config()
    (tmp_path / "config.json").write_text('{"model": "a"}')
    with pytest.raises(UserError, match="split"):
        RunFolder(tmp_path).config()


def test_stages_are_logged_with_time_memory_and_environment(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.open(RunConfig(model="embedded", split="phantom"))
    with folder.stage("generate") as facts:
        facts["drawn"] = 3
    with folder.stage("generate"):
        pass
    log = json.loads((folder.root / "run.json").read_text())
    assert [each.get("drawn") for each in log["stages"]["generate"]] == [3, None]
    assert log["stages"]["generate"][0]["peak_memory_mb"] > 1
    assert log["environment"]["packages"]["numpy"][0].isdigit()


def test_the_way_out_that_an_error_names_continues_the_same_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.open(RunConfig(model="images:a.csv", split="phantom"))
    folder.open(RunConfig(model="images:a.csv", split="phantom", allow_missing=True, max_bad=3))
    assert folder.config().allow_missing
