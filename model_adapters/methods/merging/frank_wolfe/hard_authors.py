"""FW-Merging, hard, as the released code does it: for comparison, not for use.

Differs from the method's definition in: the score (sum over tensors of cosines with the whole checkpoint, no oracle);
the start (task arithmetic of *all* models), which is also a vertex, "start"; the step, 2 / (t + 2) * 0.1 * 0.3, after
ten of which most of the start is still there; no base among the vertices; no stopping. `zero_vertex` is the language
version's rule: where the best cosine is not negative, the vertex is a tensor of zeros. A tensor without gradient, which
the released code scores 0/0, is left as it is.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.frank_wolfe.start import start_ledger
from model_adapters.methods.merging.ledger import Weights, combine
from model_adapters.methods.merging.objective import gradient, value
from model_adapters.methods.merging.products import by_block, cosines, dot
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

OPTIONS = {
    "iterations": Option(10, "iterations (vision: 3)"),
    "granularity": Option("layer", "where one vertex is chosen: task or layer"),
    "step_size": Option(0.1, "factor of 2 / (t + 2) (vision: 0.01)"),
    "scaling": Option(0.3, "lambda of the start and further factor of the step"),
    "zero_vertex": Option(False, "pull a block to zero where no cosine is negative (language version)"),
}

START = -1
"""The start as a vertex."""


def steps(run: MergeRun) -> int:
    """One an iteration."""
    return int(run.settings["iterations"])


def merge(run: MergeRun) -> Merged:
    """Iterate from where an earlier call was killed."""
    pool, objective, settings = run.pool, run.need_objective(), run.settings
    blocks = blocks_of(pool.merged, settings["granularity"])
    start = start_ledger(pool, blocks, "task-arithmetic", settings["scaling"])
    ledger = start
    models = tuple(range(1, pool.size + 1))
    state: dict[str, Any] = run.state() or {"trace": []}
    if "weights" in state:
        ledger = ledger.replaced({b: {int(i): w for i, w in each.items()} for b, each in state["weights"].items()})
    while len(state["trace"]) < settings["iterations"]:
        loss, slope = gradient(objective, ledger.tensors(pool))
        products = cosines(pool, slope, models)
        for block, names in blocks.items():
            for name in names:
                products[name][START] = _cosine(slope[name], combine(pool, start.weights[block], name))
        scores = by_block(products, blocks)
        ends: dict[str, Weights] = {}
        picked: Counter[str] = Counter()
        for block, each in scores.items():
            best = min([*models, START], key=lambda index: each[index])
            if not any(bool(slope[name].any()) for name in blocks[block]):
                ends[block] = dict(ledger.weights[block])
            elif settings["zero_vertex"] and each[best] >= 0.0:
                ends[block] = {}
                picked["zeros"] += 1
            else:
                ends[block] = dict(start.weights[block]) if best == START else {best: 1.0}
                picked["start" if best == START else pool.label(best)] += 1
        step = 2.0 / (len(state["trace"]) + 2.0) * settings["step_size"] * settings["scaling"]
        ledger = ledger.toward(ledger.replaced(ends), step)
        state["trace"].append({"loss": loss, "step": step, "chosen": dict(sorted(picked.items()))})
        state["weights"] = {block: {str(i): w for i, w in each.items()} for block, each in ledger.weights.items()}
        run.keep(state)
        run.step(len(state["trace"]))
    found = {"uses_labels": True, "trace": state["trace"], "final_loss": value(objective, ledger.tensors(pool))}
    return linear(pool, ledger, found)


def _cosine(a: Any, b: Any) -> float:
    size = math.sqrt(dot(a, a) * dot(b, b))
    return dot(a, b) / size if size else 0.0
