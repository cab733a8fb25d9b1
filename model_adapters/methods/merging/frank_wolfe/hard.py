"""FW-Merging, hard: one vertex an iteration. theta <- theta + step * (s - theta), s from the raw inner product.

The base is a vertex, so that doing nothing is always allowed, and the start. Blocks are the whole model (task), single
tensors (layer: the hull is then a product of hulls) or patterns. The run stops when the gap reaches `tolerance`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.frank_wolfe.directions import endpoint
from model_adapters.methods.merging.frank_wolfe.oracle import Answer, ask
from model_adapters.methods.merging.frank_wolfe.start import start_ledger
from model_adapters.methods.merging.frank_wolfe.steps import step_size
from model_adapters.methods.merging.ledger import Ledger
from model_adapters.methods.merging.objective import gradient, value
from model_adapters.methods.merging.products import dot
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

if TYPE_CHECKING:
    import torch

OPTIONS = {
    "iterations": Option(10, "T, most iterations"),
    "granularity": Option("layer", "where one vertex is chosen: task, layer, or patterns of tensor names"),
    "step": Option("open-loop", "open-loop, line-search or short-step"),
    "alpha": Option(1.0, "factor of the open-loop step"),
    "scaling": Option(1.0, "further factor of the open-loop step: lambda of the local merge"),
    "grid": Option(0, "line search over so many even steps; 0 for the exact minimum"),
    "smoothness": Option(0.0, "L of the short step; 0 finds it by doubling"),
    "direction": Option("fw", "fw, away or pairwise; the last two need a step that looks"),
    "score": Option("inner-product", "inner-product, or cosine as in the released code"),
    "start": Option("base", "base, average, task-arithmetic, or model-1 to model-K"),
    "base_vertex": Option(True, "whether the base may be chosen"),
    "tolerance": Option(0.0, "the run stops when the gap is at most this"),
    "local": Option("task-arithmetic", "how a step is merged: task-arithmetic, ties, dare or dare-ties"),
    "density": Option(0.2, "share of entries that local TIES keeps"),
    "drop": Option(0.5, "probability that local DARE drops an entry"),
}


def steps(run: MergeRun) -> int:
    """One an iteration."""
    return int(run.settings["iterations"])


def merge(run: MergeRun) -> Merged:
    """Iterate from where an earlier call was killed.

    Raises:
        UserError: settings that exclude each other.
    """
    settings = run.settings
    if settings["direction"] != "fw" and settings["step"] == "open-loop":
        raise UserError('Away and pairwise steps need step = "line-search" or "short-step".')
    if settings["direction"] != "fw" and settings["start"] == "task-arithmetic":
        raise UserError('Away and pairwise steps start inside the hull: start = "base" or "average".')
    if settings["local"] != "task-arithmetic":
        from model_adapters.methods.merging.frank_wolfe.hard_local import merge_locally

        return merge_locally(run)
    pool, objective = run.pool, run.need_objective()
    blocks = blocks_of(pool.merged, settings["granularity"])
    ledger = start_ledger(pool, blocks, settings["start"])
    state: dict[str, Any] = run.state() or {"trace": [], "stopped": False, "smoothness": 0.0}
    if "weights" in state:
        ledger = ledger.replaced({b: {int(i): w for i, w in each.items()} for b, each in state["weights"].items()})
    while len(state["trace"]) < settings["iterations"] and not state["stopped"]:
        model = ledger.tensors(pool)
        loss, slope = gradient(objective, model)
        answer = ask(pool, slope, blocks, ledger, settings["score"], allowed(run))
        line: dict[str, Any] = {"loss": loss, "gap": answer.gap, "step": 0.0, "support": len(ledger.support())}
        if stationary(answer, ledger, run):
            state["stopped"] = True
        else:
            end = endpoint(ledger, answer, settings["direction"])
            line["step"], state["smoothness"] = _step(run, model, loss, answer, ledger, end, len(state["trace"]), state)
            line["chosen"] = chosen(run, answer)
            ledger = ledger.toward(end, line["step"])
        state["trace"].append(line)
        state["weights"] = {block: {str(i): w for i, w in each.items()} for block, each in ledger.weights.items()}
        run.keep(state)
        run.step(len(state["trace"]))
    return linear(pool, ledger, facts(run, state, value(objective, ledger.tensors(pool))))


def allowed(run: MergeRun) -> tuple[int, ...]:
    """The vertices that may be chosen."""
    return tuple(index for index in run.pool.vertices if index or run.settings["base_vertex"])


def stationary(answer: Answer, ledger: Ledger, run: MergeRun) -> bool:
    """True where nothing has a gradient, or the gap is within the tolerance.

    A gap says nothing where vertices are chosen by cosine, or the iterate lies outside the hull of those allowed.
    """
    if not any(answer.ranked.values()):
        return True
    inside = set(ledger.support()) <= set(allowed(run)) and all(
        weight >= 0.0 for each in ledger.weights.values() for weight in each.values()
    )
    return inside and run.settings["score"] == "inner-product" and answer.gap <= run.settings["tolerance"]


def chosen(run: MergeRun, answer: Answer) -> dict[str, int]:
    """Label of a vertex -> in how many blocks it was chosen."""
    return dict(sorted(Counter(run.pool.label(order[0]) for order in answer.ranked.values() if order).items()))


def facts(run: MergeRun, state: dict[str, Any], loss: float) -> dict[str, Any]:
    """What the record says of a run of Frank-Wolfe."""
    return {
        "uses_labels": True,
        "iterations": len(state["trace"]),
        "stopped_by_gap": state["stopped"],
        "vertices": len(allowed(run)),
        "final_loss": loss,
        "trace": state["trace"],
    }


def _step(
    run: MergeRun, model: dict[str, torch.Tensor], loss: float, answer: Answer, now: Ledger, end: Ledger,
    iteration: int, state: dict[str, Any],
) -> tuple[float, float]:  # fmt: skip
    """The step and the smoothness, by the rule of the settings."""
    rule, objective = run.settings["step"], run.need_objective()
    if rule == "open-loop":
        return step_size(rule, iteration, run.settings, lambda step: loss, loss, 0.0, 0.0, 0.0)
    way = {name: tensor - model[name] for name, tensor in end.tensors(run.pool).items()}

    def along(step: float) -> float:
        return value(objective, {name: tensor + step * way[name] for name, tensor in model.items()})

    length = sum(dot(part, part) for part in way.values())
    slope = answer.toward(now, end)
    return step_size(rule, iteration, run.settings, along, loss, slope, length, state["smoothness"])
