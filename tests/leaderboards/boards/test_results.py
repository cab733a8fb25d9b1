"""One row a number with everything a reader needs, and a command that names what the record names."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from compared_runs import run_folder
from made_boards import Tables

from leaderboards.boards.cohort import cohorts
from leaderboards.boards.results import command, is_control, model_rows
from leaderboards.library.library import Library


def test_every_number_of_every_record_is_a_row(made: Tables, run_folders: Path) -> None:
    entries = Library(run_folders).entries()
    assert len(made["results"]) == sum(len(entry.record.results) for entry in entries)
    row = next(row for row in made["results"] if (row["model"], row["metric"]) == ("good", "kid"))
    assert row["n_generated"] == row["n_reference"] == 120 and row["low"] < row["value"] < row["high"]
    assert row["statistics"].startswith("metric.kid.safetensors#") and row["estimator"] == "mmd"


def test_the_command_quotes_what_a_stranger_wrote(tmp_path: Path) -> None:
    split = {"name": "mimic; rm -rf ~", "subset": "test", "hash": "s", "cases": 60}
    run_folder(tmp_path / "a", "x", model={"name": "sana $(id)"}, split=split, warnings=["Preset quick: at most 60."])
    (cohort,) = cohorts((entry, "public") for entry in Library(tmp_path).entries())
    words = shlex.split(command(cohort.members[0]))
    assert words[:4] == ["chexgenbench", "eval", "--model", "sana $(id)"] and "mimic; rm -rf ~" in words
    assert words[words.index("--limit") + 1] == "60" and words[words.index("--preset") + 1] == "quick"


@pytest.mark.parametrize(
    ("data", "seen"), [("phantom seeds from 100000", True), ("phantom/train", True), ("imagenet", False)]
)
def test_training_data_of_the_split_is_seen_by_any_of_its_names(data: str, seen: bool, tmp_path: Path) -> None:
    split = {"name": "phantom", "subset": "test", "hash": "s"}
    run_folder(tmp_path / "a", "a", model={"name": "a", "training_data": ["laion", data]}, split=split)
    (cohort,) = cohorts((entry, "private") for entry in Library(tmp_path).entries())
    (row,) = model_rows([cohort])
    assert row["seen"] is seen


def test_controls_and_local_paths(tmp_path: Path) -> None:
    model = {"name": "c", "notes": ["A control, not a model: one."], "source": "/home/me/secret/weights.safetensors"}
    run_folder(tmp_path / "a", "c", model=model)
    (cohort,) = cohorts((entry, "private") for entry in Library(tmp_path).entries())
    (row,) = model_rows([cohort])
    assert row["control"] and row["origin"] == "private" and "/home/me" not in row["source"]
    assert is_control({"notes": ["A baseline, not a model."]}) and not is_control({"notes": ["Controls nothing."]})
