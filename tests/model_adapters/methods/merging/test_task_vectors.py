from pathlib import Path

import numpy as np
import pytest
from merge_runs import pool_of, run_of

from data_splits.errors import UserError
from model_adapters.methods.merging.task_vectors import ChangedPool, Dropped, TaskVectors, dropped, trim

BASE = {"a": np.array([1.0, 0.0]), "b": np.array([[2.0]])}
MODEL = {"a": np.array([1.5, -3.0]), "b": np.array([[3.0]])}


def test_trim_looks_at_the_whole_vector(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [MODEL], BASE)
    vectors = trim(run_of(tmp_path / "run", pool, "ties"), TaskVectors(pool), 2 / 3)
    assert vectors.of(1, "a").tolist() == [0.0, -3.0] and vectors.of(1, "b").tolist() == [[1.0]]
    changed = ChangedPool(vectors)
    assert changed.read(1, "a").tolist() == [1.0, -3.0] and changed.read(0, "a").tolist() == [1.0, 0.0]


@pytest.mark.parametrize("density", [0.0, 1.5])
def test_a_share_is_a_share(tmp_path: Path, density: float) -> None:
    pool = pool_of(tmp_path, [MODEL], BASE)
    with pytest.raises(UserError, match="density"):
        trim(run_of(tmp_path / "run", pool, "ties"), TaskVectors(pool), density)


def test_drops_follow_from_seed_model_and_tensor(tmp_path: Path) -> None:
    shape = (400,)
    base = {"a": np.zeros(shape), "b": np.zeros(shape)}
    model = {"a": np.ones(shape), "b": np.ones(shape)}
    pool = pool_of(tmp_path, [model, model], base)
    one = Dropped(pool, 0.75, 1)
    first = one.of(1, "a")
    assert set(first.tolist()) == {0.0, 4.0}
    assert (one.of(1, "a") == first).all()
    assert not (one.of(1, "b") == first).all() and not (one.of(2, "a") == first).all()
    assert not (Dropped(pool, 0.75, 2).of(1, "a") == first).all()
    with pytest.raises(UserError, match="probability"):
        Dropped(pool, 1.0, 1)


def test_dropping_keeps_the_mean() -> None:
    import torch

    kept = dropped(torch.ones(100_000), 0.9, 3, "x")
    # 5 standard deviations of a mean of 100,000 values of variance 9.
    assert abs(float(kept.mean()) - 1.0) < 5 * 3 / np.sqrt(100_000)
