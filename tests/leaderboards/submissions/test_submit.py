"""Exactly the new files are written, of runs that others can repeat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_submissions import SECRET, Pull, pull_request, run_folder

from data_splits.errors import UserError
from leaderboards.records.io import read_record, write_record
from leaderboards.submissions.submit import results_root, submit
from leaderboards.submissions.validate import validate


@pytest.fixture
def honest(tmp_path: Path) -> Pull:
    return pull_request(tmp_path / "honest")


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_what_is_written_is_what_validates(honest: Pull, tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", "delta", 8)
    before = files(honest.root)
    dry = submit(run, honest.root, dry=True)
    assert dry.report.ok and files(honest.root) == before
    found = submit(run, honest.root)
    assert files(honest.root) - before == {path for path, _ in found.files} and found.files == dry.files
    assert all((honest.root / path).stat().st_size == size for path, size in found.files)
    reference = read_record(run).statistics["features.lite0.reference.safetensors"]
    assert not any(reference in path for path, _ in found.files), "the real side is stored once"
    report = validate(honest.root, changed=[path for path, _ in found.files])
    assert report.ok and report.records == [found.folder]
    again = submit(run, honest.root)
    assert not again.report.ok and again.files == []


@pytest.mark.parametrize("git", [{"commit": "a", "dirty": True}, {"commit": "a"}])
def test_a_dirty_checkout_is_refused(git: dict[str, object], honest: Pull, tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", "delta", 8)
    (run / "run.json").write_text(json.dumps({"environment": {"git": git}}))
    found = submit(run, honest.root)
    assert [each.rule for each in found.report.findings] == ["origin"] and found.files == []


@pytest.mark.parametrize(("text", "level"), [(None, ["origin"]), ('{"environment": {"git": null}}', [])])
def test_other_origins(text: str | None, level: list[str], honest: Pull, tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", "delta", 8)
    (run / "run.json").unlink() if text is None else (run / "run.json").write_text(text)
    found = submit(run, honest.root, dry=True)
    assert found.report.ok and [each.rule for each in found.report.findings] == level


def test_missing_statistics_are_refused(honest: Pull, tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", "delta", 8)
    (run / "statistics" / "rows.safetensors").unlink()
    found = submit(run, honest.root)
    assert not found.report.ok and "rows.safetensors" in str(found.report.findings[0])


def test_case_ids_of_a_credentialed_split_are_refused(honest: Pull, tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", "delta", 8, split=SECRET)
    (run / "cases.json").write_text(json.dumps({"generated": ["s50414267", "x"]}))
    record = read_record(run)
    files_ = {name: each for name, each in record.statistics.items() if "reference" not in name}
    for warnings, leaked in (([], False), (["look at s50414267"], True)):
        write_record(run, record.model_copy(update={"warnings": warnings, "statistics": files_}))
        found = submit(run, honest.root, first=True)
        assert any("case id(s)" in each.message for each in found.report.findings) is leaked


def test_where_results_lie(honest: Pull, tmp_path: Path) -> None:
    checkout = honest.root.parents[1]
    assert results_root(checkout) == checkout / "leaderboards" / "results"
    assert results_root(honest.root) == honest.root
    assert (results_root(None) / "ledger.json").is_file()
    with pytest.raises(UserError, match="no checkout"):
        results_root(tmp_path)
