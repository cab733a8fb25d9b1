from pathlib import Path

import numpy as np
import pytest
from merge_runs import Quadratic, merged, pool_of, write

from data_splits.errors import UserError
from model_adapters.methods.merging.pool import Pool
from model_adapters.methods.merging.proxy import ProxyObjective, open_proxy

RNG = np.random.default_rng(2)
SHAPES = {"0.weight": (4, 3), "0.bias": (4,), "1.weight": (2, 4), "1.bias": (2,)}
MODELS = [{name: RNG.standard_normal(shape).astype(np.float32) for name, shape in SHAPES.items()} for _ in range(3)]
X = [RNG.standard_normal((20, 3)).astype(np.float32) for _ in range(3)]


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return pool_of(tmp_path, MODELS)


@pytest.fixture
def objective(tmp_path: Path, pool: Pool) -> ProxyObjective:
    tasks = [write(tmp_path, f"task-{k}", {"inputs": X[k], "targets": np.zeros(20, np.int64)}) for k in range(3)]
    return open_proxy("mlp", tasks, "cross-entropy", pool, chunk=7)


def test_regression_written_out(tmp_path: Path, pool: Pool, objective: ProxyObjective) -> None:
    found, said = merged(tmp_path / "run", pool, "regmean", objective, shrink=0.9, ridge=0.0)
    inputs = {"0.weight": [], "1.weight": []}  # type: ignore[var-annotated]
    for model, x in zip(MODELS, X, strict=True):
        inputs["0.weight"].append(x.astype(float))
        inputs["1.weight"].append(np.maximum(x @ model["0.weight"].T + model["0.bias"], 0).astype(float))
    for name, each in inputs.items():
        grams = [part.T @ part for part in each]
        grams = [0.9 * gram + 0.1 * np.diag(np.diag(gram)) for gram in grams]
        expected = np.linalg.inv(sum(grams)) @ sum(g @ m[name].T for g, m in zip(grams, MODELS, strict=True))
        np.testing.assert_allclose(found[name], expected.T, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["0.bias"], np.mean([m["0.bias"] for m in MODELS], axis=0), rtol=1e-6)
    assert said.facts == {"uses_labels": False, "regressed": ["0.weight", "1.weight"]}


def test_equal_models_stay_and_few_examples_do_not_break_it(tmp_path: Path, objective: ProxyObjective) -> None:
    same = pool_of(tmp_path / "same", [MODELS[0]] * 3)
    found, _ = merged(tmp_path / "run", same, "regmean", objective, at_most=1)
    np.testing.assert_allclose(found["0.weight"], MODELS[0]["0.weight"], rtol=1e-3, atol=1e-4)


def test_it_needs_layers_to_watch(tmp_path: Path) -> None:
    pool = pool_of(tmp_path / "one", [MODELS[0]])
    with pytest.raises(UserError, match="`network` and `forward`"):
        merged(tmp_path / "run", pool, "regmean", Quadratic({}))
