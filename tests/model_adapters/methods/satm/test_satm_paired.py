"""The table of paired differences: signs, factors and intervals by hand."""

from __future__ import annotations

import importlib

import pytest


def test_differences_are_of_the_same_seed(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.syspath_prepend(str(request.config.rootpath))
    paired = importlib.import_module("benchmarks.satm_paired").paired
    shares = {"one": (0.50, 0.70, 0.90), "other": (0.51, 0.72, 0.93), "same": (0.51, 0.71, 0.91)}
    runs = [{arm: {"share": values[seed]} for arm, values in shares.items()} for seed in range(3)]
    lines = paired(runs, [("one", "other"), ("same", "one")], {"share": (100.0, 1)})
    assert lines[:2] == ["| arm − other arm | share |", "|---|---|"]
    # Differences -1, -2, -3: mean -2, standard error 1/sqrt(3), t(2) = 4.303.
    assert lines[2] == "| one − other | −2.0 (−4.5 to +0.5) |"
    assert lines[3].startswith("| same − one | +1.0 (")
    alone = paired(runs[:1], [("one", "other")], {"share": (100.0, 1)})
    assert alone[2] == "| one − other | −1.0 (one seed) |"
