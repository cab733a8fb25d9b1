"""Verification finds what was damaged, and says how a split differs from its manifest."""

from __future__ import annotations

from pathlib import Path

import made_up_splits
import pytest

from data_splits.errors import UserError
from data_splits.sources import load_split
from data_splits.verify import Verification, compare, verify


def test_whole_and_damaged_images(tmp_path: Path) -> None:
    root = made_up_splits.nih(tmp_path)
    split = load_split(f"nih-chestxray14:{root}")
    assert verify(split, ["train", "test"]) == Verification(6, ())
    broken = root / "images_002" / "images" / "00000004_005.png"
    broken.write_bytes(broken.read_bytes()[:40])
    found = verify(split, ["train", "test"])
    assert len(found.problems) == 1
    assert found.problems[0].startswith("00000004_005: Image file")
    with pytest.raises(UserError, match=r"1 problem\(s\)"):
        found.raise_if_bad(split.name)


def test_many_problems_are_cut_at_ten() -> None:
    with pytest.raises(UserError, match="and 5 more") as caught:
        Verification(20, tuple(f"c{k}: bad" for k in range(15))).raise_if_bad("x")
    assert len(str(caught.value).splitlines()) == 12


def test_differences_from_a_manifest_are_named(tmp_path: Path) -> None:
    rows = [{"image": f"{k}.png", "patient": k, "prompt": f"t{k}"} for k in range(3)]
    for k in range(4):
        made_up_splits.write_png(tmp_path / f"{k}.png")
    made_up_splits.write_csv(tmp_path / "cases.csv", rows)
    before = load_split(f"folder:{tmp_path}").manifest
    assert compare(load_split(f"folder:{tmp_path}").manifest, before) == ()
    rows[1]["prompt"] = "changed"
    rows[2] = {"image": "3.png", "patient": 2, "prompt": "t2"}
    made_up_splits.write_csv(tmp_path / "cases.csv", rows)
    lines = compare(load_split(f"folder:{tmp_path}").manifest, before)
    assert lines == ("3: not in the manifest", "2: in the manifest only", "1: another prompt_sha256")
