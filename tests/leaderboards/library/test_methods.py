"""Studies of a library: where they lie, what they rest on, how far they can be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_studies import own_study, record_study
from made_submissions import run_folder

from data_splits.errors import UserError
from leaderboards.library.library import Library
from leaderboards.library.methods import method_entries, method_folders
from leaderboards.library.paths import method_path
from leaderboards.library.recomputed import Recomputed
from leaderboards.library.tiers import Tier
from leaderboards.records.io import read_record, record_hash
from leaderboards.records.method_io import METHOD_FILE, method_hash, write_study


def test_own_numbers_are_recomputed(tmp_path: Path) -> None:
    record = own_study()
    write_study(tmp_path / method_path(record, method_hash(record)), record)
    write_study(tmp_path / "beside", own_study(title="Another"))
    library = Library(tmp_path, Recomputed(tmp_path / "cache.json"))
    found = method_entries(library, library.entries())
    assert sorted(each.record.title for each in found) == ["Another", "Three merges"]
    assert {each.tier for each in found} == {Tier.from_statistics} and not any(each.faults for each in found)
    assert found[0].folder in method_folders(tmp_path)


def test_a_study_is_as_trusted_as_its_records(tmp_path: Path) -> None:
    records = [read_record(run_folder(tmp_path / name, name, seed)) for seed, name in enumerate("ab")]
    one, two = ((record_hash(each), each) for each in records)
    write_study(tmp_path / "study", record_study(one, two, "precision_lite0"))
    library = Library(tmp_path, Recomputed(tmp_path / "cache.json"))
    [before] = method_entries(library, library.entries())
    assert before.tier is Tier.self_reported and not before.faults
    library.recompute()
    [after] = method_entries(library, library.entries())
    assert after.tier is Tier.from_statistics
    [orphan] = method_entries(library, [])
    assert orphan.faults and orphan.tier is Tier.self_reported


def test_changed_and_misplaced_files_are_refused(tmp_path: Path) -> None:
    record = own_study()
    folder = tmp_path / "methods" / "merging-00000000" / "0123456789abcdef"
    write_study(folder, record)
    library = Library(tmp_path, Recomputed(tmp_path / "cache.json"))
    with pytest.raises(UserError, match="should lie at methods/merging-"):
        method_entries(library, [])
    (folder / METHOD_FILE).write_text((folder / METHOD_FILE).read_text().replace("Three merges", "Four merges"))
    with pytest.raises(UserError, match="changed after"):
        method_entries(library, [])
