"""Controls run through the metrics: the table holds both ways."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chexgenbench.controls import study as module
from chexgenbench.controls.page import failures, markdown
from chexgenbench.controls.study import SEEDS, cohort, run_control, study
from chexgenbench.controls.table import CONTROLS, RULES, Rule
from data_splits.errors import UserError
from leaderboards.records.recompute import check_run

PAGE = Path(__file__).resolve().parents[3] / "docs" / "controls.md"
SMALL = ("nn_ratio_grey64", "copy_rate_grey64")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> list[Rule]:
    monkeypatch.setattr(module, "COHORT", {"size": "64", "train": "24", "test": "22"})
    monkeypatch.setattr(module, "measured", lambda: SMALL)
    return [rule for rule in RULES if rule.metric in SMALL]


def test_controls_on_a_small_cohort_are_counted_and_resumed(tmp_path: Path, small: list[Rule]) -> None:
    controls = ["real-holdout", "label-shuffler"]
    counts = study([3], tmp_path, controls, small)
    assert {key: (count.defined, count.runs) for key, count in counts.items()} == {
        (metric, control): (1, 1) for metric in SMALL for control in controls
    }
    assert counts["copy_rate_grey64", "real-holdout"].exposed == 1
    record = tmp_path / "label-shuffler-3" / "record.json"
    before = record.stat().st_mtime_ns
    assert study([3], tmp_path, controls, small) == counts
    assert record.stat().st_mtime_ns == before
    # What the controls of a cohort share changes no number.
    alone = run_control("label-shuffler", 3, cohort(3, tmp_path / "cohort-3"), tmp_path / "alone", tmp_path / "cache")
    assert (tmp_path / "alone" / "record.json").read_bytes() == record.read_bytes()
    assert {result.metric for result in alone.results} == set(SMALL)


def test_a_folder_with_another_run_is_refused(tmp_path: Path, small: list[Rule]) -> None:
    cases = cohort(3, tmp_path / "cohort-3")
    run_control("constant", 3, cases, tmp_path / "constant-3", tmp_path / "cache")
    (tmp_path / "constant-3").rename(tmp_path / "memoriser-3")
    with pytest.raises(UserError, match="another run than memoriser"):
        run_control("memoriser", 3, cases, tmp_path / "memoriser-3", tmp_path / "cache")


@pytest.mark.slow
def test_the_table_holds_both_ways_over_20_cohorts(tmp_path: Path) -> None:
    """About an hour of CPU time; minutes where $CONTROLS_FOLDER names the folder of a study made by this code.

    Then the records of every fifth cohort are recomputed from their stored arrays by today's estimators, the page is
    held against the counts, and what is missing is run.
    """
    made = os.environ.get("CONTROLS_FOLDER")
    folder = Path(made) if made else tmp_path
    counts = study(SEEDS, folder)
    assert failures(counts) == []
    for seed in SEEDS[::5] if made else SEEDS[:1]:
        for control in CONTROLS:
            assert check_run(folder / f"{control}-{seed}").discrepancies == (), f"{control}-{seed}"
    if made:
        assert PAGE.read_text("utf-8") == markdown(counts, len(SEEDS))
