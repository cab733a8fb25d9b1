from pathlib import Path

import numpy as np
import torch
from merge_runs import Quadratic, merged, pool_of

from model_adapters.methods.merging.adam import Adam

RNG = np.random.default_rng(9)
NAMES = ("a", "b")
BASE, *MODELS = [{"a": RNG.standard_normal(5), "b": RNG.standard_normal(4)} for _ in range(5)]


class Two(Quadratic):
    """Two tasks with targets of their own."""

    tasks = ("one", "two")

    def __init__(self) -> None:
        super().__init__({})
        keys = [(task, name) for task in self.tasks for name in NAMES]
        self.target = {f"{t}/{n}": torch.from_numpy(RNG.standard_normal(BASE[n].shape)) for t, n in keys}

    def losses(self, weights, task, rows):  # type: ignore[no-untyped-def]
        return 0.5 * sum(((weights[n] - self.target[f"{task}/{n}"]) ** 2).sum() for n in NAMES).reshape(1)


def test_one_round_written_out(tmp_path: Path) -> None:
    objective = Two()
    targets = {task: {n: objective.target[f"{task}/{n}"].numpy() for n in NAMES} for task in objective.tasks}
    picked: list[int] = []
    for task in objective.tasks:
        scores = [
            np.inf if k in picked else sum(
                (BASE[n] - targets[task][n]) @ MODELS[k][n]
                / np.linalg.norm(BASE[n] - targets[task][n]) / np.linalg.norm(MODELS[k][n]) for n in NAMES
            )
            for k in range(4)
        ]  # fmt: skip
        picked.append(int(np.argmin(scores)))
    adam = Adam(np.full((2, 2), 0.3), 0.01)
    for _ in range(12):
        slopes = np.zeros((2, 2))
        for row, n in enumerate(NAMES):
            theta = BASE[n] + sum(adam.value[row, j] * (MODELS[k][n] - BASE[n]) for j, k in enumerate(picked))
            slope = np.mean([theta - targets[task][n] for task in objective.tasks], axis=0)
            slopes[row] = [slope @ (MODELS[k][n] - BASE[n]) for k in picked]
        adam.step(slopes)
    found, said = merged(
        tmp_path / "run", pool_of(tmp_path, MODELS, BASE), "fw-soft-authors", objective, rounds=1, inner_steps=12,
        rate=0.01, batch=0,
    )  # fmt: skip
    assert said.facts["trace"][0]["chosen"] == [f"model-{k + 1}" for k in picked]
    for row, n in enumerate(NAMES):
        expected = BASE[n] + sum(adam.value[row, j] * (MODELS[k][n] - BASE[n]) for j, k in enumerate(picked))
        np.testing.assert_allclose(found[n], expected, rtol=1e-9)


def test_models_of_a_round_are_distinct_and_coefficients_free(tmp_path: Path) -> None:
    _, said = merged(
        tmp_path / "run", pool_of(tmp_path, MODELS, BASE), "fw-soft-authors", Two(), rounds=2, inner_steps=40, rate=0.1
    )
    assert all(len(set(line["chosen"])) == 2 for line in said.facts["trace"])
    assert any(weight < 0 for each in said.ledger.weights.values() for weight in each.values())  # type: ignore[union-attr]
