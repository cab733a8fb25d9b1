from pathlib import Path

import numpy as np
from merge_runs import Quadratic, merged, pool_of, run_of

from model_adapters.methods.merging import table

# Scores are -(theta - 3)^2 / 2. Alone: 2 -> -0.5, 5 -> -2, 0 -> -4.5, 9 -> -18.
# 2 first; with 5: 3.5 -> -0.125, kept; with 0: 7/3 -> -2/9, worse, left out; with 9: 16/3, left out.
MODELS = [{"w": np.array([value])} for value in (9.0, 2.0, 0.0, 5.0)]


def test_soup_by_hand(tmp_path: Path) -> None:
    found, said = merged(tmp_path / "run", pool_of(tmp_path, MODELS), "greedy-soup", Quadratic({"w": np.array([3.0])}))
    assert found["w"].tolist() == [3.5]
    assert said.facts["kept"] == ["model-2", "model-4"]
    assert said.facts["score"] == -0.125


def test_what_was_scored_is_not_scored_again(tmp_path: Path) -> None:
    objective = Quadratic({"w": np.array([3.0])})
    pool = pool_of(tmp_path, MODELS)
    merged(tmp_path / "run", pool, "greedy-soup", objective)
    assert objective.asked == 7
    run = run_of(tmp_path / "run", pool, "greedy-soup", objective)
    table.merge(run, "greedy-soup")
    assert objective.asked == 7


def test_an_equal_score_is_kept(tmp_path: Path) -> None:
    models = [{"w": np.array([2.0])}, {"w": np.array([2.0])}]
    _, said = merged(tmp_path / "run", pool_of(tmp_path, models), "greedy-soup", Quadratic({"w": np.array([3.0])}))
    assert said.facts["kept"] == ["model-1", "model-2"]
