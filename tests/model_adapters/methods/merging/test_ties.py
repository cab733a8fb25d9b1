from pathlib import Path

import numpy as np
import pytest
from merge_runs import merged, pool_of

from data_splits.errors import UserError

BASE = {"w": np.zeros(5)}
# Each model keeps floor(0.6 * 5) = 3 of largest magnitude:
MODELS = [
    {"w": np.array([4.0, -1.0, 3.0, 0.5, 2.0])},  # keeps 4, 3, 2
    {"w": np.array([2.0, -5.0, -3.0, 0.1, 0.0])},  # keeps 2, -5, -3
    {"w": np.array([-1.0, -3.0, 0.5, 0.2, 2.0])},  # keeps -1, -3, 2
]
# Sums: 5, -8, 0, 0, 4. Signs elected: +, -, ?, ?, +; the majority of +, -, + is +.
# Agreeing: (4, 2), (-5, -3), (3), (), (2, 2).


def test_by_hand(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    mean, said = merged(tmp_path / "mean", pool, "ties", density=0.6, scaling=1.0)
    assert mean["w"].tolist() == [3.0, -4.0, 3.0, 0.0, 2.0]
    assert said.facts == {"majority_sign": 1, "thresholds": [2.0, 2.0, 1.0]}
    total, _ = merged(tmp_path / "sum", pool, "ties", density=0.6, scaling=0.5, aggregation="sum")
    assert total["w"].tolist() == [3.0, -4.0, 1.5, 0.0, 2.0]


def dense(base: np.ndarray, models: list[np.ndarray], density: float, scaling: float, kind: str) -> np.ndarray:
    """TIES on whole vectors, written from the paper's three steps."""
    keep = int(density * base.size)
    vectors = []
    for model in models:
        vector = model - base
        order = np.argsort(-np.abs(vector), kind="stable")
        vector[order[keep:]] = 0.0
        vectors.append(vector)
    stacked = np.stack(vectors)
    sign = np.sign(stacked.sum(axis=0))
    sign[sign == 0] = np.sign(sign.sum())
    agree = np.sign(stacked) == sign
    total = np.where(agree, stacked, 0.0).sum(axis=0)
    return base + scaling * (total / np.maximum(agree.sum(axis=0), 1) if kind == "mean" else total)


@pytest.mark.parametrize("kind", ["mean", "sum"])
def test_agrees_with_whole_vectors(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(4)
    arrays = [{"a": rng.standard_normal((7, 9)), "b": rng.standard_normal(37)} for _ in range(5)]
    found, _ = merged(tmp_path / "run", pool_of(tmp_path, arrays[1:], arrays[0]), "ties", density=0.3, aggregation=kind)
    flat = [np.concatenate([each["a"].ravel(), each["b"]]) for each in arrays]
    expected = dense(flat[0], flat[1:], 0.3, 0.3, kind)
    np.testing.assert_allclose(np.concatenate([found["a"].ravel(), found["b"]]), expected, atol=1e-12)


def test_another_aggregation_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="mean or sum"):
        merged(tmp_path / "run", pool_of(tmp_path, MODELS, BASE), "ties", aggregation="median")
