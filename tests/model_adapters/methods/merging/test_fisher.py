from pathlib import Path

import numpy as np
import pytest
from merge_runs import merged, pool_of, write

from data_splits.errors import UserError
from model_adapters.methods.merging.pool import Pool
from model_adapters.methods.merging.proxy import ProxyObjective, open_proxy

RNG = np.random.default_rng(1)
# float32 on disk: the arithmetic below starts from what the network sees.
MODELS = [{"w.weight": RNG.standard_normal((3, 2)).astype(np.float32)} for _ in range(2)]
X = [RNG.standard_normal((6, 2)).astype(np.float32) for _ in range(2)]
Y = [RNG.integers(0, 3, 6) for _ in range(2)]


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return pool_of(tmp_path, MODELS)


@pytest.fixture
def objective(tmp_path: Path, pool: Pool) -> ProxyObjective:
    tasks = [write(tmp_path, f"task-{k}", {"inputs": X[k], "targets": Y[k]}) for k in range(2)]
    return open_proxy("mlp", tasks, "cross-entropy", pool)


def information(k: int, labels: bool, at_most: int) -> np.ndarray:
    """Of a softmax regression: d log p(y) / d W = (onehot(y) - p) x^T."""
    weight = MODELS[k]["w.weight"].astype(float)
    total = np.zeros_like(weight)
    for x, y in zip(X[k][:at_most].astype(float), Y[k][:at_most], strict=True):
        p = np.exp(weight @ x) / np.exp(weight @ x).sum()
        for label in [y] if labels else range(3):
            slope = np.outer(np.eye(3)[label] - p, x)
            total += (1.0 if labels else p[label]) * slope**2
    return total / min(at_most, len(X[k]))


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("normalise", [True, False])
def test_softmax_regression_written_out(
    tmp_path: Path, pool: Pool, objective: ProxyObjective, labels: bool, normalise: bool
) -> None:
    found, said = merged(
        tmp_path / "run", pool, "fisher", objective, labels=labels, normalise=normalise, at_most=4, floor=1e-3
    )
    parts = [information(k, labels, 4) for k in range(2)]
    weights = [np.maximum(each / (np.linalg.norm(each) if normalise else 1.0), 1e-3) for each in parts]
    expected = sum(w * m["w.weight"] for w, m in zip(weights, MODELS, strict=True)) / sum(weights)
    np.testing.assert_allclose(found["w.weight"], expected, rtol=1e-4)
    assert said.facts["uses_labels"] is labels


def test_one_task_a_model(tmp_path: Path, objective: ProxyObjective) -> None:
    with pytest.raises(UserError, match="3 models, 2 tasks"):
        merged(tmp_path / "run", pool_of(tmp_path / "three", [*MODELS, MODELS[0]]), "fisher", objective)
