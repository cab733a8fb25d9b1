"""What a loaded split promises: disjoint patients, selections, hashed patients of credentialed data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.manifest import SplitManifest
from data_splits.split import Split


def split(credentialed: bool = False, **changes: object) -> Split:
    fields: dict[str, object] = {
        "name": "made-up",
        "version": "1",
        "licence": "none",
        "credentialed": credentialed,
        "subsets": {
            "train": (Case("a", "p1", prompt="CANARY one"), Case("b", "p2", prompt="CANARY two")),
            "test": (Case("c", "p3", prompt="CANARY three"), Case("d", "p3")),
        },
        "read_image": lambda case: np.zeros((2, 2), np.uint8),
        "selections": {"privacy": ("b",)},
    }
    return Split(**(fields | changes))  # type: ignore[arg-type]


def test_cases_by_subset_and_selection() -> None:
    assert [case.id for case in split().cases("test")] == ["c", "d"]
    assert [case.id for case in split().cases("privacy")] == ["b"]
    with pytest.raises(UserError, match="it has test, train, privacy"):
        split().cases("validation")


def test_a_selection_must_name_cases_of_the_split() -> None:
    with pytest.raises(ValueError, match="selection 'x'"):
        split(selections={"x": ("nobody",)})


def test_a_patient_in_two_subsets_is_refused() -> None:
    with pytest.raises(UserError, match="more than one subset"):
        split(subsets={"train": (Case("a", "p1"),), "test": (Case("b", "p1"),)}, selections={})


def test_manifest_round_trip_is_the_same_and_repeats_byte_for_byte(tmp_path: Path) -> None:
    split().manifest.write(tmp_path / "a.json")
    split().manifest.write(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    read = SplitManifest.read(tmp_path / "a.json")
    assert read == split().manifest
    assert read.hash == split().manifest.hash
    assert read.selections == {"privacy": ["b"]}
    assert split(selections={}).manifest.hash != read.hash


@pytest.mark.parametrize("credentialed", [False, True])
def test_manifest_holds_no_prompt_and_hides_credentialed_patients(tmp_path: Path, credentialed: bool) -> None:
    split(credentialed).manifest.write(tmp_path / "m.json")
    text = (tmp_path / "m.json").read_text()
    assert "CANARY" not in text
    assert ('"p3"' in text) != credentialed
    assert split(credentialed).manifest.counts == {
        "test": {"images": 2, "patients": 1},
        "train": {"images": 2, "patients": 2},
    }


def test_broken_manifest_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No split manifest"):
        SplitManifest.read(tmp_path / "none.json")
    (tmp_path / "m.json").write_text('{"manifest_version": 1}')
    with pytest.raises(UserError, match="not a split manifest"):
        SplitManifest.read(tmp_path / "m.json")
