"""FW-Merging, soft, as the released code does it: for comparison, not for use.

A round: for each target task the gradient of its loss, and the best model, by cosine, that this round has not taken
yet; then one free coefficient for each such model and tensor, by Adam on minibatches, theta <- theta + sum_{j,l}
c_{j,l} (s_j - theta)_l. No coefficient is kept on a simplex, so the result may leave the hull. The coefficients start
at 0.3 in the first round and at `later` after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from model_adapters.methods.merging.ada_merging import minibatch
from model_adapters.methods.merging.adam import Adam
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.frank_wolfe.start import start_ledger
from model_adapters.methods.merging.ledger import Ledger, Weights
from model_adapters.methods.merging.objective import Objective, Tensors, gradient, value
from model_adapters.methods.merging.products import along, by_block, cosines, inner_products
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

if TYPE_CHECKING:
    import torch

OPTIONS = {
    "rounds": Option(5, "rounds"),
    "inner_steps": Option(500, "steps of Adam a round"),
    "rate": Option(1e-3, "learning rate of Adam"),
    "batch": Option(16, "examples a task and step; 0 for all"),
    "initial": Option(0.3, "every coefficient at the start of the first round"),
    "later": Option(0.01, "every coefficient at the start of later rounds"),
    "labels": Option(True, "true: the supervised loss (paper); false: entropy (default of the released code)"),
    "start": Option("base", "base, average or task-arithmetic"),
}


def steps(run: MergeRun) -> int:
    """One a round."""
    return int(run.settings["rounds"])


def merge(run: MergeRun) -> Merged:
    """Go on with the first round that is not finished."""
    pool, objective, settings = run.pool, run.need_objective(), run.settings
    blocks = blocks_of(pool.merged, "layer")
    ledger = start_ledger(pool, blocks, settings["start"])
    state: dict[str, Any] = run.state() or {"trace": []}
    if "weights" in state:
        ledger = ledger.replaced({b: {int(i): w for i, w in each.items()} for b, each in state["weights"].items()})
    while len(state["trace"]) < settings["rounds"]:
        turn = len(state["trace"])
        picked = _picked(run, ledger)
        ledger, losses = _learned(run, ledger, picked, turn)
        chosen = [pool.label(index) for index in picked]
        state["trace"].append({"chosen": chosen, "first_loss": losses[0], "last_loss": losses[-1]})
        state["weights"] = {block: {str(i): w for i, w in each.items()} for block, each in ledger.weights.items()}
        run.keep(state)
        run.step(turn + 1)
    loss = value(objective, ledger.tensors(pool), bool(settings["labels"]))
    found = {"uses_labels": True, "trace": state["trace"], "final_loss": loss}
    return linear(pool, ledger, found)


class _One:
    """One task of an objective."""

    def __init__(self, objective: Objective, task: str) -> None:
        self.objective, self.chunk = objective, objective.chunk
        self.tasks: tuple[str, ...] = (task,)

    def examples(self, task: str) -> int:
        return self.objective.examples(task)

    def losses(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        return self.objective.losses(weights, task, rows)

    def entropies(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        return self.objective.entropies(weights, task, rows)

    def scores(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        return self.objective.scores(weights, task, rows)

    def facts(self) -> dict[str, Any]:
        return self.objective.facts()


def _picked(run: MergeRun, ledger: Ledger) -> list[int]:
    pool, objective = run.pool, run.need_objective()
    model = ledger.tensors(pool)
    picked: list[int] = []
    for task in objective.tasks:
        left = [index for index in range(1, pool.size + 1) if index not in picked]
        if not left:
            break
        _, slope = gradient(_One(objective, task), model)
        scores = by_block(cosines(pool, slope, left), blocks_of(pool.merged, "task"))["model"]
        picked.append(min(left, key=lambda index: scores[index]))
    return picked


def _learned(run: MergeRun, start: Ledger, picked: list[int], turn: int) -> tuple[Ledger, list[float]]:
    pool, settings, objective = run.pool, run.settings, run.need_objective()
    names = list(start.blocks)
    first = settings["initial"] if turn == 0 else settings["later"]
    adam = Adam(np.full((len(names), len(picked)), float(first)), settings["rate"])

    def ledger(coefficient: np.ndarray) -> Ledger:
        mixed: dict[str, Weights] = {}
        for row, block in enumerate(names):
            kept = 1.0 - float(coefficient[row].sum())
            each = {index: kept * weight for index, weight in start.weights[block].items()}
            for column, index in enumerate(picked):
                each[index] = each.get(index, 0.0) + float(coefficient[row, column])
            mixed[block] = each
        return start.replaced(mixed)

    losses = []
    every = sorted({*picked, *start.support()})
    for step in range(int(settings["inner_steps"])):
        rows = minibatch(objective, settings["batch"], run.seed, turn * int(settings["inner_steps"]) + step)
        loss, slope = gradient(objective, ledger(adam.value).tensors(pool), bool(settings["labels"]), rows)
        products = by_block(inner_products(pool, slope, every), start.blocks)
        here = along(products, start)
        adam.step(np.array([[products[block][index] - here[block] for index in picked] for block in names]))
        losses.append(loss)
    return ledger(adam.value), losses
