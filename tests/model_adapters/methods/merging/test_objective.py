from typing import Any

import numpy as np
import pytest
import torch
from merge_runs import Quadratic

from data_splits.errors import UserError
from model_adapters.methods.merging.objective import chunks, gradient, mean_score, score, value


class Lines:
    """Task t: examples x_i with loss |w x_i - y_t| squared; two tasks of different size."""

    tasks: tuple[str, ...] = ("small", "large")

    def __init__(self, chunk: int = 0) -> None:
        self.chunk = chunk
        rng = np.random.default_rng(0)
        self.x = {"small": torch.from_numpy(rng.standard_normal(3)), "large": torch.from_numpy(rng.standard_normal(7))}
        self.y = {"small": 1.0, "large": -2.0}

    def examples(self, task: str) -> int:
        return len(self.x[task])

    def losses(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        return (weights["w"] * self.x[task][rows] - self.y[task]) ** 2

    def entropies(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        return weights["w"] * self.x[task][rows]

    def scores(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        return -self.losses(weights, task, rows)

    def facts(self) -> dict[str, Any]:
        return {}


def test_tasks_count_alike_whatever_their_size() -> None:
    objective = Lines()
    w = 0.7
    by_task = {t: float(((w * x - objective.y[t]) ** 2).mean()) for t, x in objective.x.items()}
    slopes = [float((2 * x * (w * x - objective.y[t])).mean()) for t, x in objective.x.items()]
    loss, found = gradient(objective, {"w": torch.tensor(w, dtype=torch.float64)})
    assert loss == pytest.approx(np.mean(list(by_task.values())), rel=1e-12)
    assert float(found["w"]) == pytest.approx(np.mean(slopes), rel=1e-12)
    weights = {"w": torch.tensor(w, dtype=torch.float64), "unused": torch.ones(2)}
    assert value(objective, weights) == pytest.approx(loss, rel=1e-12)
    assert score(objective, weights, "small") == pytest.approx(-by_task["small"], rel=1e-12)
    assert mean_score(objective, weights) == pytest.approx(-loss, rel=1e-12)
    assert gradient(objective, weights)[1]["unused"].tolist() == [0.0, 0.0]
    entropy, slope = gradient(objective, weights, labels=False)
    assert entropy == pytest.approx(w * float(slope["w"]), rel=1e-12)


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_chunks_change_nothing(chunk: int) -> None:
    weights = {"w": torch.tensor(0.3, dtype=torch.float64)}
    whole, parts = gradient(Lines(), weights), gradient(Lines(chunk), weights)
    assert parts[0] == pytest.approx(whole[0], rel=1e-12)
    assert float(parts[1]["w"]) == pytest.approx(float(whole[1]["w"]), rel=1e-12)
    assert [len(each) for each in chunks(Lines(2), "small")] == [2, 1]


def test_minibatches_are_of_their_own_size() -> None:
    objective = Lines()
    weights = {"w": torch.tensor(0.3, dtype=torch.float64)}
    rows = {"small": torch.tensor([2]), "large": torch.tensor([0, 4])}
    expected = np.mean([float(objective.losses(weights, task, part).mean()) for task, part in rows.items()])
    assert gradient(objective, weights, rows=rows)[0] == pytest.approx(expected, rel=1e-12)


def test_what_is_not_finite_is_told() -> None:
    objective = Quadratic({"w": np.array([float("nan")])})
    weights = {"w": torch.ones(1, dtype=torch.float64)}
    with pytest.raises(UserError, match="objective is nan"):
        gradient(objective, weights)
    with pytest.raises(UserError, match="score is nan"):
        mean_score(objective, weights)
    assert value(objective, weights) == float("inf")

    class Root(Quadratic):
        def losses(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
            return weights["w"].sqrt()

    with pytest.raises(UserError, match="gradient at w"):
        gradient(Root({}), {"w": torch.zeros(1)})
