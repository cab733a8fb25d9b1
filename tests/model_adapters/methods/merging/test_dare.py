from pathlib import Path

import numpy as np
import pytest
from merge_runs import merged, pool_of

from data_splits.errors import UserError
from model_adapters.methods.merging.task_vectors import Dropped

RNG = np.random.default_rng(0)
BASE, *MODELS = [{"w": RNG.standard_normal(200)} for _ in range(4)]


def test_nothing_dropped_is_task_arithmetic_and_ties(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    for then in ("task-arithmetic", "ties"):
        found, _ = merged(tmp_path / then, pool, "dare", drop=0.0, then=then)
        same, _ = merged(tmp_path / f"plain-{then}", pool, then)
        np.testing.assert_allclose(found["w"], same["w"], atol=1e-12)


def test_the_sum_is_of_what_was_kept(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    found, _ = merged(tmp_path / "run", pool, "dare", seed=5, drop=0.6, scaling=0.5)
    kept = [Dropped(pool, 0.6, 5).of(index, "w").numpy() for index in (1, 2, 3)]
    for part, model in zip(kept, MODELS, strict=True):
        alive = part != 0
        np.testing.assert_allclose(part[alive], (model["w"] - BASE["w"])[alive] / 0.4, rtol=1e-12)
        assert 40 < alive.sum() < 120
    np.testing.assert_allclose(found["w"], BASE["w"] + 0.5 * np.sum(kept, axis=0), atol=1e-12)
    again, _ = merged(tmp_path / "again", pool, "dare", seed=5, drop=0.6, scaling=0.5)
    other, _ = merged(tmp_path / "other", pool, "dare", seed=6, drop=0.6, scaling=0.5)
    assert (again["w"] == found["w"]).all() and not (other["w"] == found["w"]).all()


def test_what_follows_is_one_of_two(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="task-arithmetic or ties"):
        merged(tmp_path / "run", pool_of(tmp_path, MODELS, BASE), "dare", then="fisher")
