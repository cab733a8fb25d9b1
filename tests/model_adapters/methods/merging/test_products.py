from pathlib import Path

import numpy as np
import pytest
import torch
from merge_runs import pool_of

from model_adapters.methods.merging import products
from model_adapters.methods.merging.ledger import Ledger

BASE = {"a": np.array([1.0, 2.0]), "b": np.array([3.0])}
MODELS = [{"a": np.array([2.0, 0.0]), "b": np.array([0.0])}]
SLOPE = {"a": torch.tensor([1.0, -1.0]), "b": torch.zeros(1)}


def test_by_hand_and_nothing_is_read_without_gradient(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    fine = products.inner_products(pool, SLOPE, pool.vertices)
    assert fine == {"a": {0: -1.0, 1: 2.0}, "b": {0: 0.0, 1: 0.0}} and pool.reads == 2
    whole = products.by_block(fine, {"m": ("a", "b")})
    assert whole == {"m": {0: -1.0, 1: 2.0}}
    assert products.along(whole, Ledger({"m": ("a", "b")}, {"m": {0: 0.25, 1: 0.75}})) == {"m": 1.25}
    angles = products.cosines(pool, SLOPE, [0, 1])
    assert angles["a"] == pytest.approx({0: -1 / np.sqrt(10), 1: 1 / np.sqrt(2)}) and angles["b"] == {0: 0.0, 1: 0.0}
    flat = products.cosines(pool, {"b": torch.ones(1)}, [0, 1])
    assert flat == {"b": {0: 1.0, 1: 0.0}}


def test_long_sums_are_in_double_precision() -> None:
    count = products.CHUNK + 17
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(count).astype(np.float32) for _ in range(2))
    exact = float(a.astype(np.float64) @ b.astype(np.float64))
    assert products.dot(torch.from_numpy(a), torch.from_numpy(b)) == pytest.approx(exact, rel=1e-11)
