from pathlib import Path

import numpy as np
from merge_runs import merged, pool_of


def test_mean_by_hand_without_a_base(tmp_path: Path) -> None:
    models = [{"w": np.array([1.0, 2.0])}, {"w": np.array([3.0, -2.0])}, {"w": np.array([8.0, 3.0])}]
    found, said = merged(tmp_path / "run", pool_of(tmp_path, models), "average")
    np.testing.assert_allclose(found["w"], [4.0, 1.0], atol=1e-15)
    assert said.ledger is not None and said.ledger.support() == [1, 2, 3]
