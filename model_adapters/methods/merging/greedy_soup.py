"""Greedy soup (Wortsman et al. 2022): models by falling score, each kept if the average does not get worse.

The score is the objective's mean score over the tasks: give validation examples as tasks, not training or test ones.
Equal scores are tried in the order of the pool.
"""

from __future__ import annotations

from typing import Any

from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.ledger import Ledger, uniform
from model_adapters.methods.merging.objective import mean_score
from model_adapters.methods.merging.pool import Pool
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

OPTIONS: dict[str, Option] = {}


def steps(run: MergeRun) -> int:
    """Each model alone, and each but the best within the soup."""
    return 2 * run.pool.size - 1


def merge(run: MergeRun) -> Merged:
    """Score the models, then the growing averages."""
    pool, objective = run.pool, run.need_objective()
    state: dict[str, Any] = run.state() or {"alone": [], "tried": []}
    while len(state["alone"]) < pool.size:
        index = len(state["alone"]) + 1
        state["alone"].append(mean_score(objective, _soup(pool, [index]).tensors(pool)))
        run.keep(state)
        run.step(len(state["alone"]))
    order = sorted(range(1, pool.size + 1), key=lambda index: -state["alone"][index - 1])
    kept, best = [order[0]], state["alone"][order[0] - 1]
    for position, index in enumerate(order[1:]):
        if position == len(state["tried"]):
            state["tried"].append(mean_score(objective, _soup(pool, [*kept, index]).tensors(pool)))
            run.keep(state)
            run.step(pool.size + len(state["tried"]))
        if state["tried"][position] >= best:
            best = state["tried"][position]
            kept.append(index)
    facts = {
        "uses_labels": True,
        "score": best,
        "scores_alone": {pool.label(index): state["alone"][index - 1] for index in order},
        "kept": [pool.label(index) for index in kept],
    }
    return linear(pool, _soup(pool, kept), facts)


def _soup(pool: Pool, members: list[int]) -> Ledger:
    return uniform(blocks_of(pool.merged, "task"), {index: 1.0 / len(members) for index in members})
