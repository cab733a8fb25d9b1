from pathlib import Path

import numpy as np
import pytest
from merge_runs import Quadratic, pool_of
from scipy.optimize import minimize

from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.frank_wolfe.simplex import minimise, project
from model_adapters.methods.merging.ledger import uniform


@pytest.mark.parametrize("seed", range(5))
def test_projection_is_the_nearest_point(seed: int) -> None:
    point = np.random.default_rng(seed).standard_normal(6) * 2
    found = project(point)
    assert found.min() >= 0 and found.sum() == pytest.approx(1.0)
    # Optimality: the positive entries moved by one shift, the others would have gone below zero by it.
    shift = (point - found)[found > 0]
    assert np.ptp(shift) < 1e-12 and (point[found == 0] <= shift[0] + 1e-12).all()
    np.testing.assert_allclose(project(found), found, atol=1e-12)


def test_by_hand() -> None:
    assert project(np.array([0.2, 0.9])).tolist() == pytest.approx([0.15, 0.85])
    assert project(np.array([3.0, 0.0, -1.0])).tolist() == [1.0, 0.0, 0.0]


def test_minimum_over_the_simplex_is_that_of_another_solver(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    vertices = rng.standard_normal((5, 8))
    target = vertices.mean(axis=0) + rng.standard_normal(8)
    pool = pool_of(tmp_path, [{"w": each} for each in vertices[1:]], {"w": vertices[0]})
    blocks = blocks_of(pool.merged, "task")
    found = minimise(
        pool, Quadratic({"w": target}), uniform(blocks, {0: 1.0}), {"model": [{i: 1.0} for i in range(5)]},
        {"model": np.array([1.0, 0, 0, 0, 0])}, steps=200,
    )  # fmt: skip
    known = minimize(
        lambda x: 0.5 * ((x @ vertices - target) ** 2).sum(), np.full(5, 0.2), method="SLSQP", bounds=[(0, 1)] * 5,
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1}, options={"ftol": 1e-14},
    )  # fmt: skip
    assert found.loss == pytest.approx(known.fun, rel=1e-7)
    weights = [found.ledger.weights["model"].get(index, 0.0) for index in range(5)]
    np.testing.assert_allclose(weights, known.x, atol=1e-3)


def test_it_never_rises_and_stops_where_nothing_is_gained(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [{"w": np.array([5.0])}], {"w": np.array([0.0])})
    start = uniform(blocks_of(pool.merged, "task"), {0: 1.0})
    atoms = {"model": [{0: 1.0}, {1: 1.0}]}
    found = minimise(pool, Quadratic({"w": np.array([-3.0])}), start, atoms, {"model": np.array([1.0, 0.0])}, steps=10)
    assert found.steps == 0 and found.loss == 4.5 and found.ledger.weights == {"model": {0: 1.0}}
