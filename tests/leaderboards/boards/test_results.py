"""One row a number, one row a record, with everything a reader needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from compared_runs import run_folder
from made_boards import Tables

from leaderboards.boards.cohort import cohorts
from leaderboards.boards.results import is_control, model_rows
from leaderboards.library.library import Library


def test_every_number_of_every_record_is_a_row(made: Tables, run_folders: Path) -> None:
    entries = Library(run_folders).entries()
    assert len(made["results"]) == sum(len(entry.record.results) for entry in entries)
    row = next(row for row in made["results"] if (row["model"], row["metric"]) == ("good", "kid"))
    assert row["n_generated"] == row["n_reference"] == 120 and row["low"] < row["value"] < row["high"]
    assert row["statistics"].startswith("metric.kid.safetensors#") and row["estimator"] == "mmd"


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
