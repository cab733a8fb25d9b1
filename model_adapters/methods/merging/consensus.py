"""Consensus merging (Wang et al. 2024, TALL masks): only weights that several tasks use are changed.

    m_k = |tau_k| > lambda_k |tau_MTL - tau_k|          the weights that task k uses
    theta = theta_0 + scaling * [sum_k m_k >= users] * tau_MTL

tau_MTL is the sum of the task vectors, or TIES' merged vector. With users = 2, weights of one task ("selfish") and of
none ("catastrophic") stay the base's. lambda_k is given, or chosen for each task from 0.2 to 0.6 by the score of
theta_0 + m_k tau_MTL on its examples: task k must then belong to model k.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from model_adapters.methods.merging import ties
from model_adapters.methods.merging.objective import require_finite, score
from model_adapters.methods.merging.pool import BASE
from model_adapters.methods.merging.run import Merged, MergeRun, Option
from model_adapters.methods.merging.task_vectors import TaskVectors

if TYPE_CHECKING:
    import torch

OPTIONS = {
    "users": Option(2, "a weight is changed if at least so many tasks use it"),
    "mask_lambda": Option(0.4, "lambda_k of the masks; 0 chooses each from 0.2, 0.3, ..., 0.6 by score on task k"),
    "of": Option("task-arithmetic", "what tau_MTL is: task-arithmetic (the sum) or ties"),
    **ties.OPTIONS,
}

GRID = (0.2, 0.3, 0.4, 0.5, 0.6)


def steps(run: MergeRun) -> int:
    """Those of TIES where it is used, and a search for every model."""
    searched = run.pool.size if not run.settings["mask_lambda"] else 0
    return searched + (ties.steps(run) if run.settings["of"] == "ties" else 0)


def merge(run: MergeRun) -> Merged:
    """Masks, their count, and what is left of tau_MTL.

    Raises:
        UserError: `of` is neither of the two, or the search lacks a task for each model.
    """
    pool, settings = run.pool, run.settings
    vectors = TaskVectors(pool)
    if settings["of"] not in ("task-arithmetic", "ties"):
        raise UserError(f"of is {settings['of']!r}; it is task-arithmetic or ties.")
    joint: Callable[[str], torch.Tensor]
    if settings["of"] == "ties":
        joint = ties.MergedVector(run, vectors, settings["density"], settings["aggregation"])
    else:
        joint = _Sum(vectors)
    chosen = _searched(run, vectors, joint) if not settings["mask_lambda"] else [settings["mask_lambda"]] * pool.size

    def tensor(name: str) -> torch.Tensor:
        total = joint(name)
        users = sum(_mask(vectors.of(index, name), total, chosen[index - 1]).int() for index in range(1, pool.size + 1))
        return pool.read(BASE, name) + settings["scaling"] * total * (users >= settings["users"])

    searched = not settings["mask_lambda"]
    return Merged(tensor, {"mask_lambdas": chosen, **({"uses_labels": True} if searched else {})})


class _Sum:
    """sum_k tau_k, tensor by tensor."""

    def __init__(self, vectors: TaskVectors) -> None:
        self.vectors = vectors

    def __call__(self, name: str) -> torch.Tensor:
        import torch

        total = torch.zeros(self.vectors.pool.entry(name).shape, dtype=torch.float64)
        for index in range(1, self.vectors.pool.size + 1):
            total.add_(self.vectors.of(index, name))
        return total


def _mask(own: torch.Tensor, joint: torch.Tensor, strength: float) -> torch.Tensor:
    return own.abs() > strength * (joint - own).abs()


def _searched(run: MergeRun, vectors: TaskVectors, joint: Callable[[str], torch.Tensor]) -> list[float]:
    pool, objective = run.pool, run.need_objective()
    if len(objective.tasks) != pool.size:
        raise UserError(
            f"mask_lambda = 0 needs one task a model, in their order: {pool.size} models, {len(objective.tasks)} tasks."
        )
    state = run.state() or {}
    found: list[float] = state.get("mask_lambdas", [])
    before = ties.steps(run) if run.settings["of"] == "ties" else 0
    while len(found) < pool.size:
        index = len(found) + 1
        scores = []
        for strength in GRID:
            weights = {}
            for name in pool.merged:
                total = joint(name)
                part = total * _mask(vectors.of(index, name), total, strength)
                weights[name] = (pool.read(BASE, name) + part).float()
            scores.append(score(objective, weights, objective.tasks[index - 1]))
            require_finite(scores[-1], "The score")
        found.append(GRID[scores.index(max(scores))])
        run.keep({**state, "mask_lambdas": found})
        run.step(before + len(found))
    return found
