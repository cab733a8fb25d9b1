"""Controls run through the metrics: the table holds both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from chexgenbench.controls import study as module
from chexgenbench.controls.page import failures
from chexgenbench.controls.study import cohort, run_control, study
from chexgenbench.controls.table import RULES


def test_one_control_on_a_small_cohort_is_counted_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COHORT", {"size": "64", "train": "30", "test": "20"})
    monkeypatch.setattr(module, "measured", lambda: ("kid_lite0", "recall_lite0"))
    rules = [rule for rule in RULES if rule.metric in ("kid_lite0", "recall_lite0")]
    counts = study([3], tmp_path, ["label-shuffler"], rules)
    assert {key: (count.defined, count.runs) for key, count in counts.items()} == {
        ("kid_lite0", "label-shuffler"): (1, 1),
        ("recall_lite0", "label-shuffler"): (1, 1),
    }
    before = (tmp_path / "label-shuffler-3" / "record.json").stat().st_mtime_ns
    assert study([3], tmp_path, ["label-shuffler"], rules) == counts
    assert (tmp_path / "label-shuffler-3" / "record.json").stat().st_mtime_ns == before
    cases = cohort(3, tmp_path / "cohort-3")
    again = run_control("label-shuffler", 3, cases, tmp_path / "again", tmp_path / "cache")
    assert (tmp_path / "again" / "record.json").read_bytes() == (
        tmp_path / "label-shuffler-3" / "record.json"
    ).read_bytes()
    assert {result.metric for result in again.results} == {"kid_lite0", "recall_lite0"}


@pytest.mark.slow
def test_the_table_holds_both_ways_over_20_cohorts(tmp_path: Path) -> None:
    """About an hour of CPU time."""
    from leaderboards.records.recompute import check_run

    counts = study(range(100, 120), tmp_path)
    assert failures(counts) == []
    for folder in sorted(tmp_path.glob("*-100")):
        if (folder / "record.json").exists():
            assert check_run(folder).discrepancies == (), folder.name
