"""The page says what was counted, and a cell that does not hold is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scipy.stats import binom

from chexgenbench.controls.page import BROKEN, allowed, failures, markdown, needed, read_counts, write_counts
from chexgenbench.controls.study import Count, Counts
from chexgenbench.controls.table import CONTROLS, RULES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "controls.md"


def perfect(runs: int = 20) -> Counts:
    return {
        (rule.metric, control): Count(runs if control in rule.exposes else 0, runs, runs)
        for rule in RULES
        for control in CONTROLS
    }


def test_a_table_that_holds_has_no_failures_and_bad_cells_are_named() -> None:
    counts = perfect()
    assert failures(counts) == []
    counts["kid_lite0", "perfect"] = Count(4, 20, 20)
    counts["reid_lite0", "memoriser"] = Count(17, 20, 20)
    found = failures(counts)
    assert len(found) == 2 and "perfect must pass; it did in 16" in found[0]
    assert all(f"\n- {line}\n" in markdown(counts, 20) for line in found)
    assert BROKEN not in markdown(perfect(), 20)
    assert "memoriser must be exposed; it was in 17 of 20" in found[1]


def test_as_many_false_alarms_as_the_rate_explains_hold_and_one_more_does_not() -> None:
    for rule in RULES:
        for control in rule.passes:
            counts, most = perfect(), allowed(20, rule.alarm)
            counts[rule.metric, control] = Count(most, 20, 20)
            assert failures(counts) == []
            counts[rule.metric, control] = Count(most + 1, 20, 20)
            assert len(failures(counts)) == 1


def test_an_undefined_metric_holds_nothing() -> None:
    counts = perfect()
    counts["kid_lite0", "perfect"] = Count(0, 0, 20)
    counts["kid_lite0", "constant"] = Count(0, 0, 20)
    assert len(failures(counts)) == 2


@pytest.mark.parametrize("runs", [1, 5, 20, 100])
@pytest.mark.parametrize("rate", [0.01, 0.025])
def test_more_false_alarms_than_allowed_come_about_in_one_study_of_200(runs: int, rate: float) -> None:
    most = allowed(runs, rate)
    assert binom.sf(most, runs, rate) <= 0.005 and (most == 0 or binom.sf(most - 1, runs, rate) > 0.005)


def test_limits_for_20_runs_are_those_of_the_page() -> None:
    assert needed(20) == 18 and [allowed(20, rate) for rate in (0.025, 0.01, 0.0, None)] == [3, 2, 0, 2]


def test_every_note_is_on_the_page_and_no_rule_asserts_nothing_without_one() -> None:
    page = markdown(perfect(), 20)
    for rule in RULES:
        assert rule.exposes or rule.note
        assert not rule.note or f"- `{rule.metric}`: {rule.note}" in page


def test_counts_of_several_processes_add_up(tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, runs in zip(paths, (7, 13), strict=True):
        write_counts(path, perfect(runs))
    assert read_counts(paths) == perfect(20)


def test_the_committed_page_has_todays_rows_and_columns() -> None:
    fresh = markdown(perfect(), 20)

    def skeleton(text: str) -> str:
        text = re.sub(rf"{BROKEN}\n\n(- .*\n)+\n", "", text)
        return re.sub(r"\d+/\d+( \(\d+ undefined\))?|Last study: \d+", "n", text)

    assert skeleton(PAGE.read_text("utf-8")) == skeleton(fresh), "python -m chexgenbench.controls > docs/controls.md"
