"""AdaMerging (Yang et al. 2024): learn how much each task vector counts.

    theta_l = theta_{0,l} + sum_k lambda_{k,l} tau_{k,l}

Published: minimise the entropy of predictions on unlabelled *test* inputs (labels = false; the merge is then
transductive, and no certificate of it holds). Control: the supervised loss on the proxy set (labels = true). "++" is
`density` below 1: task vectors trimmed as by TIES.

The gradient is that of the network and inner products: d loss / d lambda_{k,l} = <g_l, tau_{k,l}>. So no task vector
stays in memory; each step passes over the pool twice (hold = true keeps it in memory instead).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.merging.adam import Adam
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.ledger import Ledger, arithmetic
from model_adapters.methods.merging.objective import Objective, gradient
from model_adapters.methods.merging.products import by_block, inner_products
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear
from model_adapters.methods.merging.task_vectors import ChangedPool, TaskVectors, trim

if TYPE_CHECKING:
    import torch

OPTIONS = {
    "labels": Option(False, "true: the supervised loss; false: entropy of the predictions (published)"),
    "granularity": Option("layer", "what a coefficient is of: task, layer, or patterns of tensor names"),
    "steps": Option(500, "steps of Adam"),
    "rate": Option(1e-3, "learning rate of Adam"),
    "initial": Option(0.3, "every coefficient at the start"),
    "batch": Option(16, "examples a task and step; 0 for all"),
    "density": Option(1.0, "share of each task vector's entries that is kept (below 1: AdaMerging++)"),
    "save_every": Option(10, "steps between two states on disk"),
}


def steps(run: MergeRun) -> int:
    """Thresholds where vectors are trimmed, and Adam's steps."""
    return (run.pool.size if run.settings["density"] < 1.0 else 0) + int(run.settings["steps"])


def merge(run: MergeRun) -> Merged:
    """Learn the coefficients; the merge is a ledger over the pool (of trimmed models where `density` is below 1)."""
    run.need_base()
    objective, settings = run.need_objective(), run.settings
    pool = run.pool
    before = 0
    if settings["density"] < 1.0:
        pool = ChangedPool(trim(run, TaskVectors(run.pool), settings["density"]))
        before = run.pool.size
    blocks = blocks_of(pool.merged, settings["granularity"])
    names = list(blocks)
    row_of = {block: row for row, block in enumerate(names)}

    def ledger(value: np.ndarray) -> Ledger:
        return arithmetic(pool, blocks, lambda block, index: float(value[row_of[block], index - 1]))

    adam = Adam(np.full((len(blocks), pool.size), float(settings["initial"])), settings["rate"])
    state = run.state() or {}
    losses: list[float] = state.get("losses", [])
    if "adam" in state:
        adam.restore(state["adam"])
    while adam.count < settings["steps"]:
        rows = minibatch(objective, settings["batch"], run.seed, adam.count)
        loss, slope = gradient(objective, ledger(adam.value).tensors(pool), bool(settings["labels"]), rows)
        products = by_block(inner_products(pool, slope, pool.vertices), blocks)
        adam.step(np.array([[products[b][i] - products[b][0] for i in range(1, pool.size + 1)] for b in names]))
        losses.append(loss)
        if adam.count % max(1, settings["save_every"]) == 0 or adam.count == settings["steps"]:
            run.keep({**state, "adam": adam.state(), "losses": losses})
            run.step(before + adam.count)
    facts = {
        "uses_labels": bool(settings["labels"]),
        "losses": losses,
        "coefficients": {
            block: dict(zip(map(pool.label, pool.vertices[1:]), adam.value[row].tolist(), strict=True))
            for block, row in row_of.items()
        },
    }
    merged = linear(pool, ledger(adam.value), facts)
    # A ledger speaks of the pool's own files: trimmed models are not among them.
    return merged if settings["density"] >= 1.0 else Merged(merged.tensor, facts)


def minibatch(objective: Objective, size: int, seed: int, step: int) -> dict[str, torch.Tensor] | None:
    """task -> indices of `size` examples, drawn without replacement from (seed, task, step); None for all."""
    import torch

    if size <= 0:
        return None
    found = {}
    for task in objective.tasks:
        rng = np.random.default_rng(derive_seed(seed, task, step, purpose="merging-batch"))
        count = objective.examples(task)
        found[task] = torch.from_numpy(np.sort(rng.permutation(count)[: min(size, count)]))
    return found
