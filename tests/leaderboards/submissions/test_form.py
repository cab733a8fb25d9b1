"""A record by itself: canonical, at its path, complete, and without what must stay private."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_submissions import SECRET, SPLIT, run_folder

from leaderboards.records.io import read_record, write_record
from leaderboards.submissions.form import Submitted, check_form, check_path, read


def submitted(folder: Path, **changes: Any) -> Submitted:
    found, findings = read(run_folder(folder, "gamma", 3, **changes), "r")
    assert found is not None and findings == []
    return found


def rules(each: Submitted) -> list[str]:
    return [f"{found.rule}: {found.message}" for found in check_form(each)]


def test_an_honest_record_has_no_findings(tmp_path: Path) -> None:
    each = submitted(tmp_path)
    assert rules(each) == []
    assert [found.rule for found in check_path(each)] == ["path"]


def test_credentialed_records_hold_no_real_features(tmp_path: Path) -> None:
    assert rules(submitted(tmp_path / "a", split=SECRET)) == [
        "credentialed: features.lite0.reference.safetensors holds features of real images of a credentialed split, "
        "which may not be published"
    ]
    copier = {"name": "m", "parameters": 0, "settings": {"copies_real_images": True}}
    assert len(rules(submitted(tmp_path / "b", split=SECRET, model=copier))) == 2


@pytest.mark.parametrize("field", ["warnings", "model", "not_applicable", "parameters"])
def test_credentialed_records_hold_no_prose(tmp_path: Path, field: str) -> None:
    report = "There is a small left pleural effusion. " * 10
    folder = run_folder(tmp_path, "gamma", 3, split=SECRET)
    record = read_record(folder)
    changes: dict[str, Any] = {
        "warnings": {"warnings": [report]},
        "model": {"model": {"name": "m", "notes": [report]}},
        "not_applicable": {"not_applicable": {"reid": report}},
        "parameters": {"results": [record.results[0].model_copy(update={"parameters": {"prompt": report}})]},
    }[field]
    write_record(folder, record.model_copy(update=changes))
    each, _ = read(folder, "r")
    assert each is not None and any("so that no prompt and no report slips in" in line for line in rules(each))
    open_split, _ = read(run_folder(tmp_path / "open", "gamma", 3, split=SPLIT, warnings=[report]), "r")
    assert open_split is not None and rules(open_split) == []


def test_values_without_arrays_are_a_warning(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "gamma", 3)
    record = read_record(folder)
    bare = record.results[2].model_copy(update={"metric": "other", "statistics": None})
    write_record(folder, record.model_copy(update={"results": [*record.results, bare]}))
    each, _ = read(folder, "r")
    assert each is not None
    (found,) = check_form(each)
    assert found.level == "warning" and "1 value(s) have no stored arrays" in found.message


def test_an_empty_record_is_refused(tmp_path: Path) -> None:
    assert "counts: holds no value at all" in rules(submitted(tmp_path, results=[], statistics={}))


def test_patients_are_those_of_the_evaluated_images(tmp_path: Path) -> None:
    """Remembered: a metric of 60 prompts beside 81 evaluated patients was refused."""
    honest = submitted(tmp_path)
    few = honest.record.results[0].model_copy(update={"n_generated": 4, "n_reference": 4})
    record = honest.record.model_copy(update={"results": [few, *honest.record.results[1:]]})
    assert rules(replace(honest, record=record)) == []
    many = few.model_copy(update={"n_patients": 1000})
    record = record.model_copy(update={"results": [many, *honest.record.results[1:]]})
    assert any("more patients than there are images" in each for each in rules(replace(honest, record=record)))
