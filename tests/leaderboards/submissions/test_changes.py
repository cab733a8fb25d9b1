"""What is new is found by comparing trees or by name; only files of the layout may be new."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaderboards.submissions import limits
from leaderboards.submissions.changes import find_changes, outside

RECORD = "records/mirb/s-00000000/p-00000000/m-00000000/0123456789abcdef"
BLOB = f"statistics/ab/ab{'0' * 62}.safetensors"


def tree(root: Path, **files: str) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def new(tmp_path: Path) -> Path:
    old = {"ledger.json": "{}", "statistics/cd/x": "old"}
    tree(tmp_path / "base", **old)
    added = {f"{RECORD}/record.json": "1", f"{RECORD}/record.sha256": "2", BLOB: "3"}
    return tree(tmp_path / "root", **old, **added)


def test_new_files_by_comparison_and_by_name(new: Path, tmp_path: Path) -> None:
    named = [f"{RECORD}/record.json", f"{RECORD}/record.sha256", BLOB]
    for found in (find_changes(new, tmp_path / "base"), find_changes(new, changed=named)):
        assert (found.records, found.statistics, found.findings) == ([RECORD], [BLOB], [])


def test_removed_and_changed_files_are_named(new: Path, tmp_path: Path) -> None:
    (new / "ledger.json").write_text("[]")
    (new / "statistics/cd/x").unlink()
    found = find_changes(new, tmp_path / "base")
    assert [(each.rule, each.where) for each in found.findings] == [
        ("removed", "statistics/cd/x"),
        ("changed", "ledger.json"),
    ]
    by_name = find_changes(new, changed=["ledger.json", "statistics/cd/x"])
    assert [(each.rule, each.where) for each in by_name.findings] == [
        ("removed", "statistics/cd/x"),
        ("path", "ledger.json"),
    ]


def test_without_a_base_everything_is_new(new: Path) -> None:
    assert [each.where for each in find_changes(new).findings] == ["statistics/cd/x"]


@pytest.mark.parametrize(
    "path",
    [
        BLOB.replace("statistics/ab", "statistics/cd"),
        BLOB.replace(".safetensors", ".pt"),
        BLOB.upper(),
        f"{RECORD}/report.html",
        f"{RECORD}/deeper/record.json",
        RECORD.replace("mirb", "other") + "/record.json",
        RECORD.replace("s-0", "S-0") + "/record.json",
        "x",
    ],
)
def test_other_paths_are_refused(path: str, new: Path, tmp_path: Path) -> None:
    tree(new, **{path: "x"})
    assert [each.where for each in find_changes(new, tmp_path / "base").findings] == [path]


def test_limits(new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_RECORDS", "MAX_FILES", "MAX_TOTAL_BYTES", "MAX_RECORD_BYTES", "MAX_STATISTICS_BYTES"):
        monkeypatch.setattr(limits, name, 0)
    found = find_changes(new, tmp_path / "base")
    assert sorted(each.rule for each in found.findings) == ["count", "count", "size", "size", "size"]
    whole = {each.where for each in find_changes(new).findings}
    assert BLOB in whole and "submission" not in whole, "a library is no pull request"


def test_changes_outside_the_results() -> None:
    paths = ["leaderboards/results/x", "leaderboards/results", ".github/workflows/x.yml", "leaderboards/resultsX/y"]
    assert [each.where for each in outside(paths, "leaderboards/results")] == paths[1:]
