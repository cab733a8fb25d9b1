"""FW-Merging, soft: the `top` best vertices an iteration, with weights that minimise the objective on the simplex.

    theta <- theta + sum_j lambda_j (s_j - theta),   lambda >= 0, sum lambda <= 1, by projected gradient

With corrective = true the weights of all vertices chosen so far are optimised anew each time (fully corrective
Frank-Wolfe). The vertices may be chosen for the whole model while the weights are one a tensor (`coefficients`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import Blocks, blocks_of
from model_adapters.methods.merging.frank_wolfe.hard import allowed, facts, stationary
from model_adapters.methods.merging.frank_wolfe.oracle import Answer, ask
from model_adapters.methods.merging.frank_wolfe.simplex import Float, minimise
from model_adapters.methods.merging.frank_wolfe.start import start_ledger
from model_adapters.methods.merging.ledger import Ledger, Weights
from model_adapters.methods.merging.objective import gradient, value
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

OPTIONS = {
    "iterations": Option(5, "T, most iterations"),
    "granularity": Option("task", "where vertices are chosen: task, layer, or patterns of tensor names"),
    "coefficients": Option("layer", "what a weight is of: layer, or same (as granularity)"),
    "top": Option(2, "vertices chosen an iteration and block"),
    "inner_steps": Option(20, "most projected gradient steps an iteration"),
    "corrective": Option(False, "optimise the weights of all vertices chosen so far"),
    "score": Option("inner-product", "inner-product, or cosine as in the released code"),
    "start": Option("base", "base, average, task-arithmetic, or model-1 to model-K"),
    "base_vertex": Option(True, "whether the base may be chosen"),
    "tolerance": Option(0.0, "the run stops when the gap is at most this"),
}


def steps(run: MergeRun) -> int:
    """One an iteration."""
    return int(run.settings["iterations"])


def merge(run: MergeRun) -> Merged:
    """Iterate from where an earlier call was killed.

    Raises:
        UserError: an unknown kind of coefficients, or a corrective run from outside the hull.
    """
    settings, pool, objective = run.settings, run.pool, run.need_objective()
    if settings["coefficients"] not in ("layer", "same"):
        raise UserError(f"coefficients is {settings['coefficients']!r}; it is layer or same.")
    if settings["corrective"] and settings["start"] == "task-arithmetic":
        raise UserError('corrective = true starts inside the hull: start = "base" or "average".')
    blocks = blocks_of(pool.merged, settings["granularity"])
    fine = blocks if settings["coefficients"] == "same" else blocks_of(pool.merged, "layer")
    home = {part: block for part, names in fine.items() for block, each in blocks.items() if names[0] in each}
    ledger = start_ledger(pool, fine, settings["start"])
    state: dict[str, Any] = run.state() or {"trace": [], "stopped": False, "rate": 0.0}
    if "weights" in state:
        ledger = ledger.replaced({b: {int(i): w for i, w in each.items()} for b, each in state["weights"].items()})
    while len(state["trace"]) < settings["iterations"] and not state["stopped"]:
        loss, slope = gradient(objective, ledger.tensors(pool))
        answer = ask(pool, slope, blocks, ledger, settings["score"], allowed(run))
        line: dict[str, Any] = {"loss": loss, "gap": answer.gap, "inner_steps": 0, "support": len(ledger.support())}
        if stationary(answer, ledger, run):
            state["stopped"] = True
        else:
            atoms, point = _atoms(ledger, answer, home, fine, settings["top"], settings["corrective"])
            found = minimise(pool, objective, ledger, atoms, point, settings["inner_steps"], state["rate"])
            ledger, state["rate"], line["inner_steps"] = found.ledger, found.rate, found.steps
            line["chosen"] = {
                block: [pool.label(index) for index in order[: settings["top"]]]
                for block, order in answer.ranked.items()
            }
        state["trace"].append(line)
        state["weights"] = {block: {str(i): w for i, w in each.items()} for block, each in ledger.weights.items()}
        run.keep(state)
        run.step(len(state["trace"]))
    return linear(pool, ledger, facts(run, state, value(objective, ledger.tensors(pool))))


def _atoms(
    ledger: Ledger, answer: Answer, home: dict[str, str], fine: Blocks, top: int, corrective: bool
) -> tuple[dict[str, list[Weights]], dict[str, Float]]:
    """What is combined in every block, and the combination that is the iterate."""
    atoms: dict[str, list[Weights]] = {}
    point: dict[str, Float] = {}
    for part in fine:
        now = dict(ledger.weights[part])
        picked = answer.ranked[home[part]][:top]
        if corrective:
            every = sorted({*now, *picked})
            atoms[part] = [{index: 1.0} for index in every]
            point[part] = np.array([now.get(index, 0.0) for index in every])
        else:
            atoms[part] = [now, *({index: 1.0} for index in picked)]
            point[part] = np.array([1.0] + [0.0] * len(picked))
    return atoms, point
