"""From 4 to 20 models, 16 of them of other tasks: Frank-Wolfe holds, task arithmetic falls (references [5 V1])."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def scaling(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark, which is not installed with the package."""
    monkeypatch.syspath_prepend(str(ROOT))
    yield importlib.import_module("benchmarks.merging_pool_scaling")
    for name in [each for each in sys.modules if each.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]


@pytest.mark.slow
@pytest.mark.parametrize("base", ["weak", "strong"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_frank_wolfe_holds_where_task_arithmetic_falls(scaling: Any, base: str, seed: int, tmp_path: Path) -> None:
    rows = ("task arithmetic .3", "FW-hard, layer", "FW-hard, task", "supervised coefficients")
    found = scaling.scores(tmp_path, seed, base, rows=rows)
    drop = {row: few - many for row, (few, many) in found.items()}
    assert drop["FW-hard, layer"] <= 2 and drop["FW-hard, task"] <= 2
    assert drop["task arithmetic .3"] >= 30
    low, high = (35, 65) if base == "weak" else (80, 95)
    assert low <= found["base"][0] <= high and found["experts, each on its own task"][0] > 90
    # The control that says how much of it the labels are: with them, coefficients alone do not fall either.
    assert drop["supervised coefficients"] <= 2


@pytest.mark.slow
def test_noisy_models_are_where_coefficients_fall(scaling: Any, tmp_path: Path) -> None:
    rows = ("supervised coefficients", "FW-hard, layer")
    found = scaling.scores(tmp_path, 0, "weak", "noisy", rows=rows)
    drop = {row: few - many for row, (few, many) in found.items()}
    # Single layers of strangers are chosen now and then: 3.5 points; the references saw up to 4 (77.3 -> 71 to 74).
    assert drop["FW-hard, layer"] <= 5 and drop["supervised coefficients"] >= 30


def test_the_pools_are_what_they_are_called(scaling: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "TASKS", 6)
    monkeypatch.setattr(scaling, "EXPERT_STEPS", 8)
    tasks = scaling.make_tasks(0)
    from safetensors.torch import load_file

    for noisy in (False, True):
        folder = tmp_path / str(noisy)
        folder.mkdir()
        base, *experts = [load_file(each) for each in scaling.make_pool(folder, tasks, 0, 2, noisy)]
        far = [sum(float((each[name] - base[name]).norm() ** 2) for name in base) ** 0.5 for each in experts]
        assert len(far) == 6 and all(each > 0 for each in far)
        # Another start is farther away than any fine-tuning.
        assert (min(far[4:]) > 2 * max(far[:4])) is noisy
