"""Pareto rows: the front of the two axes, with and without cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from compared_runs import run_folder

from leaderboards.boards.cohort import cohorts
from leaderboards.boards.fronts import AXES, PLOTS, front_rows
from leaderboards.library.library import Library


def test_axes_are_known() -> None:
    assert all(axis in AXES[name] for name, plots in PLOTS.items() for plot in plots for axis in plot)


def test_front_with_and_without_cost(tmp_path: Path) -> None:
    for name, shift, right, cost in (
        ("best", 0.0, 0.9, 10**9),
        ("cheap", 0.5, 0.8, 10**6),
        ("worst", 0.9, 0.55, 10**9),
    ):
        run_folder(tmp_path / name, name, shift, right, 5, model={"name": name, "parameters": cost})
    run_folder(tmp_path / "unknown", "unknown", 0.95, 0.5, 5)
    (cohort,) = cohorts((entry, "public") for entry in Library(tmp_path).entries())
    names = {member.id: member.name for member in cohort.members}
    rows = {names[row["record"]]: row for row in front_rows([cohort]) if row["plot"] == "quality and utility"}
    assert {(row["x"], row["y"]) for row in rows.values()} == {("kid", "utility_auroc")}
    assert {name for name, row in rows.items() if row["on_front"]} == {"best"}
    assert {name for name, row in rows.items() if row["on_front_with_cost"]} == {"best", "cheap"}
    assert rows["unknown"]["cost"] is None and rows["unknown"]["on_front_with_cost"] is None
    assert rows["best"]["x_value"] == pytest.approx(min(row["x_value"] for row in rows.values()))
