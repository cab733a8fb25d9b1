"""What was recomputed here is remembered by record hash, until the estimators change."""

from __future__ import annotations

from pathlib import Path

import pytest
from compared_runs import run_folder

from leaderboards.library import recomputed
from leaderboards.library.recomputed import Outcome, Recomputed
from leaderboards.records.io import read_record, record_hash, write_record


def test_outcomes_are_remembered_until_code_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run_folder(tmp_path / "run", "m")
    record = read_record(folder)
    digest = record_hash(record)
    path = tmp_path / "cache" / "recomputed.json"
    assert Recomputed(path).outcome(digest) is None
    found = Recomputed(path).check(folder, digest, record)
    assert found.all_agreed and found.recomputed == 4

    def never(_: Path) -> None:
        raise AssertionError("recomputed again")

    monkeypatch.setattr(recomputed, "check_run", never)
    assert Recomputed(path).check(folder, digest, record) == found
    monkeypatch.setattr(recomputed, "estimators_hash", lambda: "other code")
    assert Recomputed(path).outcome(digest) is None


def test_a_wrong_number_is_remembered_and_a_lost_file_is_not(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", "m")
    record = read_record(folder)
    wrong = record.results[0].model_copy(update={"value": 7.0})
    write_record(folder, record.model_copy(update={"results": [wrong, *record.results[1:]]}))
    held = Recomputed(tmp_path / "recomputed.json")
    digest = record_hash(read_record(folder))
    found = held.check(folder, digest, read_record(folder))
    assert not found.all_agreed and "kid" in found.discrepancies[0] and held.outcome(digest) == found
    (folder / "statistics" / "metric.kid.safetensors").unlink()
    other = Recomputed(tmp_path / "other.json")
    assert not other.check(folder, digest, read_record(folder)).all_agreed and other.outcome(digest) is None


def test_a_digit_changed_in_an_array_is_noticed_though_the_record_is_known(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", "m")
    record = read_record(folder)
    held, digest = Recomputed(tmp_path / "recomputed.json"), record_hash(record)
    assert held.check(folder, digest, record).all_agreed
    path = folder / "statistics" / "metric.kid.safetensors"
    kept = path.read_bytes()
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    found = held.check(folder, digest, record)
    assert not found.all_agreed and "metric.kid.safetensors: sha256" in found.discrepancies[0]
    path.write_bytes(kept)
    assert held.check(folder, digest, record).all_agreed


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"estimators": 1}', "[" * 100_000])
def test_a_broken_cache_is_an_empty_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recomputed.json"
    path.write_text(text)
    assert Recomputed(path).outcome("aa") is None


def test_values_without_arrays_are_not_agreed() -> None:
    assert not Outcome(3, ("kid, overall, raw",)).all_agreed and not Outcome(0).all_agreed
