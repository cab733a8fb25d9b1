"""LoRAHub (Huang et al. 2024): weights of adapters in [-1.5, 1.5], found without gradients.

    minimise over w: loss(theta_0 + sum_k w_k tau_k) + 0.05 mean_k |w_k|,   w = 0 at the start

As in the released code, the matrices A and B of low-rank adapters are each summed with w: the update is the product of
two sums, not the sum of products. With base = "zeros" the sum is over the adapters themselves. The search is a (1+1)
evolution strategy with the one-fifth rule, in place of nevergrad's NGOpt.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.ledger import Ledger, arithmetic
from model_adapters.methods.merging.objective import require_finite, value
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

OPTIONS = {
    "evaluations": Option(40, "how often the loss is asked"),
    "bound": Option(1.5, "largest magnitude of a weight"),
    "penalty": Option(0.05, "factor of the mean magnitude of the weights"),
    "spread": Option(0.5, "standard deviation of the first draws"),
}

UP, DOWN = 1.5, 1.5**-0.25
"""Success widens the draws, failure narrows them: they stay as they are at one success in five."""


def steps(run: MergeRun) -> int:
    """One an evaluation."""
    return int(run.settings["evaluations"])


def merge(run: MergeRun) -> Merged:
    """Search; what was evaluated before a kill is not evaluated again."""
    run.need_base()
    pool, objective, settings = run.pool, run.need_objective(), run.settings
    blocks = blocks_of(pool.merged, "task")

    def ledger(weights: np.ndarray) -> Ledger:
        return arithmetic(pool, blocks, lambda block, index: float(weights[index - 1]))

    state: dict[str, Any] = run.state() or {"values": []}
    best, found = np.zeros(pool.size), float("inf")
    spread = float(settings["spread"])
    for done in range(int(settings["evaluations"])):
        trial = best
        if done:
            rng = np.random.default_rng(derive_seed(run.seed, "lorahub", done, purpose="lorahub"))
            trial = np.clip(best + spread * rng.standard_normal(pool.size), -settings["bound"], settings["bound"])
        if done == len(state["values"]):
            loss = value(objective, ledger(trial).tensors(pool)) + settings["penalty"] * float(np.abs(trial).mean())
            # Weights that break the network are no error here: the search turns away from them.
            state["values"].append(min(loss, 1e300))
            run.keep(state)
            run.step(done + 1)
        better = state["values"][done] <= found
        if better:
            best, found = trial, state["values"][done]
        if done:
            spread *= UP if better else DOWN
    require_finite(found if found < 1e300 else float("inf"), "The objective")
    facts = {
        "uses_labels": True,
        "search": "(1+1) evolution strategy, one-fifth rule",
        "value": found,
        "values": state["values"],
        "coefficients": {pool.label(index): float(best[index - 1]) for index in range(1, pool.size + 1)},
    }
    return linear(pool, ledger(best), facts)
