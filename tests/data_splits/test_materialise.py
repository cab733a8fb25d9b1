"""A written split is read back by the folder source as the same questions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import made_up_splits
import numpy as np
import pytest

from data_splits.consent import MARK
from data_splits.errors import UserError
from data_splits.materialise import materialise
from data_splits.sources import load_split


def test_round_trip_through_the_folder_source(tmp_path: Path) -> None:
    split = load_split("phantom", train=2, test=2, size=64)
    table = materialise(split, tmp_path / "out")
    read = load_split(f"folder:{table}")
    assert read.manifest.counts == split.manifest.counts
    assert read.warnings == ()
    assert read.licence == split.licence
    for subset in ("train", "test"):
        for one, two in zip(split.cases(subset), read.cases(subset), strict=True):
            assert replace(two, image=None) == replace(one, labels=dict(one.labels))
            assert np.array_equal(split.read_image(one), read.read_image(two))
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    stamps = {path: path.stat().st_mtime_ns for path in before if path.suffix == ".png"}
    materialise(split, tmp_path / "out")
    assert {path: path.read_bytes() for path in before} == before
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_credentialed_needs_consent(tmp_path: Path) -> None:
    split = load_split(f"mimic-cxr:{made_up_splits.mimic(tmp_path / 'data')}")
    with pytest.raises(UserError, match="--include-credentialed"):
        materialise(split, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    table = materialise(split, tmp_path / "out", include_credentialed=True)
    assert load_split(f"folder:{table}").credentialed  # by the mark that was left there
    (tmp_path / "out" / MARK).unlink()
    assert not load_split(f"folder:{table}").credentialed
