"""To `datasets` and back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import made_up_splits
import numpy as np
import pytest

from data_splits.errors import UserError
from data_splits.interop import from_datasets, to_datasets
from data_splits.sources import load_split


def test_round_trip(tmp_path: Path) -> None:
    split = load_split("phantom", train=2, test=2, size=64)
    made = {subset: to_datasets(split, subset, tmp_path) for subset in ("train", "test")}
    assert made["test"].info.license == split.licence
    assert len(made["train"]) == len(split.cases("train"))
    back = from_datasets(made)
    assert (back.name, back.version, back.credentialed) == (split.name, split.version, False)
    assert back.manifest.entries == split.manifest.entries
    for subset in ("train", "test"):
        for one, two in zip(split.cases(subset), back.cases(subset), strict=True):
            assert two == replace(one, labels=dict(one.labels))
            assert np.array_equal(split.read_image(one), back.read_image(two))


def test_unknown_labels_stay_unknown(tmp_path: Path) -> None:
    split = load_split(f"nih-chestxray14:{made_up_splits.nih(tmp_path / 'nih')}")
    back = from_datasets(to_datasets(split, "test", tmp_path / "cache"))
    assert [case.labels for case in back.cases("test")] == [dict(case.labels) for case in split.cases("test")]


def test_credentialed_is_marked_and_stays_marked(tmp_path: Path) -> None:
    split = load_split(f"mimic-cxr:{made_up_splits.mimic(tmp_path / 'data')}")
    dataset = to_datasets(split, "test-unique-prompts", tmp_path / "cache")
    assert "do not upload" in json.loads(dataset.info.description)["warning"]
    assert from_datasets(dataset).credentialed


def test_missing_column(tmp_path: Path) -> None:
    dataset = to_datasets(load_split("phantom", train=1, test=1, size=64), "test", tmp_path)
    with pytest.raises(UserError, match="has no column id"):
        from_datasets(dataset.remove_columns("id"))
