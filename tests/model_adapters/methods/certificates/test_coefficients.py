from pathlib import Path

import numpy as np
from merge_runs import pool_of
from signs import axes_pool, random_sample

from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.merging.objective import gradient, value

RNG = np.random.default_rng(4)
BASE, *MODELS = [{"a": RNG.standard_normal((2, 3)), "b": RNG.standard_normal(2)} for _ in range(3)]


def test_a_model_is_base_and_weighted_task_vectors(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    whole, layers = Coefficients(pool, "task"), Coefficients(pool, "layer")
    assert (whole.size, layers.size) == (2, 4)
    found = whole.model(np.array([0.5, -1.0]))["a"]
    expected = BASE["a"] + 0.5 * (MODELS[0]["a"] - BASE["a"]) - (MODELS[1]["a"] - BASE["a"])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    found = layers.model(np.array([1.0, 0.0, 0.0, 1.0]))
    np.testing.assert_allclose(found["a"], MODELS[0]["a"], rtol=1e-12)
    np.testing.assert_allclose(found["b"], MODELS[1]["b"], rtol=1e-12)
    assert layers.named(np.array([1.0, 0.0, 0.0, 2.0])) == {"a": {"model-1": 1.0}, "b": {"model-2": 2.0}}


def test_the_slope_is_that_of_finite_differences(tmp_path: Path) -> None:
    space = Coefficients(axes_pool(tmp_path), "task")
    part = random_sample(40).part(np.arange(40))
    alpha = np.array([0.3, -0.2, 0.5])
    slope = space.slope(gradient(part, space.model(alpha))[1])
    for entry in range(3):
        step = 1e-6 * np.eye(3)[entry]
        difference = (value(part, space.model(alpha + step)) - value(part, space.model(alpha - step))) / 2e-6
        assert abs(slope[entry] - difference) < 1e-7
