"""The page says what was counted, and a cell that does not hold is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scipy.stats import binom

from chexgenbench.controls.page import failures, markdown, read_counts, required, write_counts
from chexgenbench.controls.study import Count, Counts
from chexgenbench.controls.table import CONTROLS, RULES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "controls.md"


def perfect(runs: int = 20) -> Counts:
    return {
        (rule.metric, control): Count(runs if control in rule.exposes else 0, runs, runs)
        for rule in RULES
        for control in CONTROLS
    }


def test_a_table_that_holds_has_no_failures_and_one_bad_cell_is_named() -> None:
    counts = perfect()
    assert failures(counts) == []
    counts["kid_lite0", "copier-0"] = Count(20 - required(20) + 1, 20, 20)
    counts["reid_lite0", "memoriser"] = Count(required(20) - 1, 20, 20)
    found = failures(counts)
    assert len(found) == 2 and "copier-0 must pass" in found[0] and "memoriser must be exposed" in found[1]


def test_an_undefined_metric_holds_nothing() -> None:
    counts = perfect()
    counts["kid_lite0", "copier-0"] = Count(0, 0, 20)
    assert len(failures(counts)) == 1


@pytest.mark.parametrize("runs", [1, 5, 20, 100])
def test_as_many_runs_must_hold_as_an_error_of_5_percent_leaves_room_for(runs: int) -> None:
    allowed = runs - required(runs)
    assert binom.cdf(allowed, runs, 0.05) >= 0.99 and (allowed == 0 or binom.cdf(allowed - 1, runs, 0.05) < 0.99)


def test_counts_of_several_processes_add_up(tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, runs in zip(paths, (7, 13), strict=True):
        write_counts(path, perfect(runs))
    assert read_counts(paths) == perfect(20)


def test_the_committed_page_has_todays_rows_and_columns() -> None:
    fresh = markdown(perfect(), 20)

    def skeleton(text: str) -> str:
        return re.sub(r"\d+/\d+( \(\d+ undefined\))?|Last study: \d+", "n", text)

    assert skeleton(PAGE.read_text("utf-8")) == skeleton(fresh), "python -m chexgenbench.controls > docs/controls.md"
