from pathlib import Path

import numpy as np
import pytest
from merge_runs import merged, pool_of

from data_splits.errors import UserError

BASE = {"w": np.array([1.0, 1.0])}
MODELS = [{"w": np.array([2.0, 1.0])}, {"w": np.array([3.0, -1.0])}]


def test_sum_of_task_vectors_by_hand(tmp_path: Path) -> None:
    found, said = merged(tmp_path / "run", pool_of(tmp_path, MODELS, BASE), "task-arithmetic", scaling=0.5)
    np.testing.assert_allclose(found["w"], [2.5, 0.0], atol=1e-15)
    assert said.ledger is not None and said.ledger.weights["model"] == {1: 0.5, 2: 0.5}


def test_without_a_base_it_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="base ="):
        merged(tmp_path / "run", pool_of(tmp_path, MODELS), "task-arithmetic")
