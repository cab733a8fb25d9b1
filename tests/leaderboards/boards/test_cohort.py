"""Records of two protocols, hashes, splits or sizes never share a cohort, whoever tries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compared_runs import run_folder

from leaderboards.boards.cohort import Cohort, Key, Member, cohorts
from leaderboards.library.library import Library

SPLIT = {"name": "made-up", "subset": "test", "hash": "s"}


@pytest.mark.parametrize(
    "changes",
    [
        {"protocol": "v1"},
        {"protocol_hash": "q"},
        {"split": SPLIT | {"hash": "t"}},
        {"split": SPLIT | {"subset": "train"}},
        {"split": SPLIT | {"name": "other"}},
        {"split": SPLIT | {"version": "2"}},
        {"split": SPLIT | {"cases": 7}},
    ],
    ids=lambda changes: "+".join(f"{key}={value}"[:30] for key, value in changes.items()),
)
def test_another_key_is_another_cohort_and_is_refused_in_this_one(tmp_path: Path, changes: dict[str, Any]) -> None:
    run_folder(tmp_path / "a", "a")
    run_folder(tmp_path / "b", "b", **changes)
    found = cohorts((entry, "public") for entry in Library(tmp_path).entries())
    assert [len(each.members) for each in found] == [1, 1] and len({each.id for each in found}) == 2
    with pytest.raises(ValueError, match="another"):
        Cohort(found[0].key, (*found[0].members, *found[1].members))


def test_the_same_key_is_one_cohort_of_names_told_apart(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run_folder(tmp_path / name, "model", seed=len(name) + ord(name[0]), run_seed=seed)
    entries = [(entry, "private") for entry in Library(tmp_path).entries()]
    (only,) = cohorts([*entries, (entries[0][0], "public")])
    names = [member.name for member in only.members]
    assert len(set(names)) == 3 and names[2] == "model (seed 2)" and all("#" in name for name in names[:2])
    assert all(member.origin == "private" for member in only.members)  # a hash that occurs twice is taken as it came
    assert {each.name for each in only.contenders()} == {entry.hash for entry, _ in entries}
    assert only.key == Key.of(only.members[0].record) and isinstance(only.members[0], Member)
