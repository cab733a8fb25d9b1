"""On quadratics whose minimum over the hull is known."""

from pathlib import Path

import numpy as np
import pytest
from merge_runs import Quadratic, merged, pool_of, run_of
from scipy.optimize import minimize

from data_splits.errors import UserError
from model_adapters.methods.merging import table
from model_adapters.methods.merging.pool import Pool

RNG = np.random.default_rng(11)
VERTICES = RNG.standard_normal((6, 12))
TARGET = 0.35 * VERTICES[1] + 0.4 * VERTICES[3] + 0.25 * VERTICES[4] + 0.1 * RNG.standard_normal(12)


def least() -> float:
    """The minimum over the hull, by another solver."""
    found = minimize(
        lambda x: 0.5 * ((x @ VERTICES - TARGET) ** 2).sum(), np.full(6, 1 / 6), method="SLSQP", bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1}, options={"ftol": 1e-15, "maxiter": 500},
    )  # fmt: skip
    return float(found.fun)


def quadratic() -> Quadratic:
    return Quadratic({"w": TARGET})


def pool_at(folder: Path) -> Pool:
    return pool_of(folder, [{"w": each} for each in VERTICES[1:]], {"w": VERTICES[0]})


def test_one_line_search_by_hand(tmp_path: Path) -> None:
    # From (0, 0) to the target (3, 1): the vertex (4, 0) promises 12, (0, 2) promises 2. The point of [0, 4] x 0
    # nearest to the target is (3, 0): a step of 3/4, and a gap of 12 before it.
    pool = pool_of(tmp_path, [{"w": np.array([4.0, 0.0])}, {"w": np.array([0.0, 2.0])}], {"w": np.zeros(2)})
    found, said = merged(
        tmp_path / "run", pool, "fw-hard", Quadratic({"w": np.array([3.0, 1.0])}), step="line-search", iterations=1
    )
    np.testing.assert_allclose(found["w"], [3.0, 0.0], atol=1e-4)
    line = said.facts["trace"][0]
    assert line["gap"] == 12.0 and line["step"] == pytest.approx(0.75, abs=1e-5) and line["chosen"] == {"model-1": 1}


def test_open_loop_written_out(tmp_path: Path) -> None:
    point = VERTICES[0].copy()
    for t in range(7):
        s = VERTICES[np.argmin(VERTICES @ (point - TARGET))]
        point = point + min(1.0, 0.5 * 2 / (t + 2)) * (s - point)
    found, _ = merged(tmp_path / "run", pool_at(tmp_path), "fw-hard", quadratic(), iterations=7, alpha=0.5)
    np.testing.assert_allclose(found["w"], point, atol=1e-12)


@pytest.mark.parametrize("step", ["open-loop", "line-search", "short-step"])
def test_gap_bounds_the_distance_to_the_minimum_and_the_rate_holds(tmp_path: Path, step: str) -> None:
    _, said = merged(
        tmp_path / "run", pool_at(tmp_path), "fw-hard", quadratic(), iterations=25, step=step, smoothness=1.0
    )
    best = least()
    diameter = max(((a - b) ** 2).sum() for a in VERTICES for b in VERTICES)
    for t, line in enumerate(said.facts["trace"]):
        assert line["loss"] - best <= line["gap"] + 1e-9
        if t:
            # Jaggi 2013: after t steps the objective is within 2 L D^2 / (t + 2) of the minimum.
            assert line["loss"] - best <= 2.0 * diameter / (t + 2)


def test_short_step_with_the_true_smoothness_is_line_search(tmp_path: Path) -> None:
    pool = pool_at(tmp_path)
    found = {
        step: merged(tmp_path / step, pool, "fw-hard", quadratic(), iterations=5, step=step, smoothness=1.0)[0]["w"]
        for step in ("line-search", "short-step")
    }
    np.testing.assert_allclose(found["short-step"], found["line-search"], atol=1e-4)


def test_away_and_pairwise_steps_close_the_gap_that_fw_does_not(tmp_path: Path) -> None:
    pool, best = pool_at(tmp_path), least()
    excess = {}
    for direction in ("fw", "away", "pairwise"):
        _, said = merged(
            tmp_path / direction, pool, "fw-hard", quadratic(), iterations=40, step="short-step", smoothness=1.0,
            direction=direction,
        )  # fmt: skip
        excess[direction] = said.facts["final_loss"] - best
        weights = said.ledger.weights["w"]  # type: ignore[union-attr]
        assert min(weights.values()) > 0 and sum(weights.values()) == pytest.approx(1.0, abs=1e-12)
    assert excess["pairwise"] < 0.01 * excess["fw"] and excess["away"] < 0.5 * excess["fw"]
    assert min(excess.values()) > -1e-9


def test_the_ledger_is_the_merge_bit_for_bit(tmp_path: Path) -> None:
    pool = pool_at(tmp_path)
    found, said = merged(tmp_path / "run", pool, "fw-hard", quadratic(), iterations=9, step="line-search")
    assert said.ledger is not None
    assert (said.ledger.tensor(pool, "w").double().numpy() == found["w"]).all()
    by_hand = sum(weight * VERTICES[index] for index, weight in said.ledger.weights["w"].items())
    np.testing.assert_allclose(found["w"], by_hand, atol=1e-12)


def test_models_that_only_harm_are_left_out(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [{"w": np.array([5.0])}, {"w": np.array([9.0])}], {"w": np.array([0.0])})
    found, said = merged(tmp_path / "run", pool, "fw-hard", Quadratic({"w": np.array([-1.0])}))
    assert found["w"].tolist() == [0.0]
    assert said.facts["stopped_by_gap"] and said.facts["iterations"] == 1 and said.ledger.support() == [0]  # type: ignore[union-attr]
    pushed, _ = merged(
        tmp_path / "no", pool, "fw-hard", Quadratic({"w": np.array([-1.0])}), base_vertex=False, iterations=1
    )
    assert pushed["w"].tolist() == [5.0]


def test_tensors_choose_for_themselves_and_without_gradient_stay(tmp_path: Path) -> None:
    base = {"a": np.zeros(1), "b": np.zeros(1), "c": np.zeros(1)}
    models = [
        {"a": np.ones(1), "b": -np.ones(1), "c": np.ones(1)},
        {"a": -np.ones(1), "b": np.ones(1), "c": np.ones(1)},
    ]
    target = {"a": np.array([1.0]), "b": np.array([1.0])}
    found, said = merged(tmp_path / "run", pool_of(tmp_path, models, base), "fw-hard", Quadratic(target), iterations=3)
    assert (found["a"], found["b"], found["c"]) == (1.0, 1.0, 0.0)
    assert said.facts["trace"][0]["chosen"] == {"model-1": 1, "model-2": 1}
    whole, _ = merged(
        tmp_path / "task", pool_of(tmp_path, models, base), "fw-hard", Quadratic(target), granularity="task"
    )
    assert whole["a"] == whole["b"] == 0.0


def test_a_killed_run_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    pool = pool_at(tmp_path)
    whole, _ = merged(tmp_path / "whole", pool, "fw-hard", quadratic(), iterations=6, step="short-step")

    def kill(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    run = run_of(tmp_path / "cut", pool, "fw-hard", quadratic(), iterations=6, step="short-step")
    run.step = kill
    with pytest.raises(KeyboardInterrupt):
        table.merge(run, "fw-hard")
    run.step = lambda done: None
    assert (table.merge(run, "fw-hard").tensor("w").double().numpy() == whole["w"]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"direction": "pairwise"}, "line-search"),
        ({"direction": "away", "step": "line-search", "start": "task-arithmetic"}, "inside the hull"),
        ({"local": "ties", "step": "short-step"}, "leaves the hull"),
        ({"local": "tees"}, "one of task-arithmetic"),
        ({"granularity": "x*"}, "no tensor matches"),
    ],
)
def test_settings_that_exclude_each_other_are_told(tmp_path: Path, settings: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(UserError, match=message):
        merged(tmp_path / "run", pool_at(tmp_path), "fw-hard", quadratic(), **settings)
