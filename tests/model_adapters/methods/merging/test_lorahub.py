from pathlib import Path

import numpy as np
from merge_runs import Quadratic, merged, pool_of, run_of

from model_adapters.methods.merging import table

MODELS = [{"w": np.array([1.0, 0.0])}, {"w": np.array([0.0, 1.0])}]


def test_finds_the_penalised_minimum_within_the_box(tmp_path: Path) -> None:
    # 1/2 (w1 - 1)^2 + 1/2 (w2 - 9)^2 + 0.05 (|w1| + |w2|) / 2: w1 = 1 - 0.025; w2 at the bound 1.5.
    pool = pool_of(tmp_path, MODELS, {"w": np.zeros(2)})
    found, said = merged(tmp_path / "run", pool, "lorahub", Quadratic({"w": np.array([1.0, 9.0])}), evaluations=150)
    np.testing.assert_allclose(found["w"], [0.975, 1.5], atol=0.02)
    assert said.facts["values"][0] == 41.0


def test_evaluations_are_not_repeated_and_one_is_the_base(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, {"w": np.zeros(2)})
    objective = Quadratic({"w": np.array([1.0, 1.0])})
    first, _ = merged(tmp_path / "run", pool, "lorahub", objective, evaluations=5)
    run = run_of(tmp_path / "run", pool, "lorahub", objective, evaluations=5)
    second = table.merge(run, "lorahub")
    assert objective.asked == 5
    assert second.tensor("w").double().tolist() == first["w"].tolist()
    nothing, _ = merged(tmp_path / "one", pool, "lorahub", objective, evaluations=1)
    assert nothing["w"].tolist() == [0.0, 0.0]
