"""FW-Merging, hard, with TIES or DARE as the local merge of a step: the iterate itself is the state, not a ledger."""

from __future__ import annotations

from typing import Any

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.frank_wolfe.hard import allowed, facts
from model_adapters.methods.merging.frank_wolfe.local_step import local_update, moved, read_model, write_model
from model_adapters.methods.merging.frank_wolfe.oracle import ask
from model_adapters.methods.merging.frank_wolfe.start import start_ledger
from model_adapters.methods.merging.frank_wolfe.steps import step_size
from model_adapters.methods.merging.objective import gradient, value
from model_adapters.methods.merging.products import dot
from model_adapters.methods.merging.run import Merged, MergeRun


def merge_locally(run: MergeRun) -> Merged:
    """As `hard.merge`; the record keeps every move.

    Raises:
        UserError: a direction or step that needs a ledger.
    """
    settings, pool, objective = run.settings, run.pool, run.need_objective()
    if settings["direction"] != "fw" or settings["step"] == "short-step":
        raise UserError(
            f'local = "{settings["local"]}" leaves the hull: use direction = "fw" and open-loop or line-search.'
        )
    blocks = blocks_of(pool.merged, settings["granularity"])
    start = start_ledger(pool, blocks, settings["start"])
    state: dict[str, Any] = run.state() or {"trace": [], "moves": [], "stopped": False}
    done = len(state["trace"])
    model = read_model(run.work / f"iterate-{done}.safetensors") if done else start.tensors(pool)
    while done < settings["iterations"] and not state["stopped"]:
        loss, slope = gradient(objective, model)
        answer = ask(pool, slope, blocks, start, settings["score"], allowed(run))
        gap = sum(dot(slope[name], tensor) for name, tensor in model.items()) - sum(
            answer.products[block][order[0]] for block, order in answer.ranked.items() if order
        )
        line: dict[str, Any] = {"loss": loss, "gap": gap, "step": 0.0}
        # Outside the hull a gap may be negative, and then says nothing: only a vanished gradient stops.
        if not any(answer.ranked.values()):
            state["stopped"] = True
        else:
            choice = {block: order[0] for block, order in answer.ranked.items() if order}
            update = local_update(pool, model, blocks, choice, settings, run.seed, done)

            def along(step: float, model: Any = model, update: Any = update) -> float:
                return value(objective, moved(model, update, step))

            line["step"], _ = step_size(settings["step"], done, settings, along, loss, 0.0, 0.0, 0.0)
            model = moved(model, update, line["step"])
            vertices = {block: pool.label(index) for block, index in choice.items()}
            state["moves"].append({"iteration": done, "step": line["step"], "vertices": vertices})
        state["trace"].append(line)
        done += 1
        # The iterate first: a state that names it finds it, and one that is killed before stays with the older.
        write_model(run.work / f"iterate-{done}.safetensors", model)
        run.keep(state)
        (run.work / f"iterate-{done - 1}.safetensors").unlink(missing_ok=True)
        run.step(done)
    found = {**facts(run, state, value(objective, model)), "moves": state["moves"]}
    return Merged(lambda name: model[name], found)
