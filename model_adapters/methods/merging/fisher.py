"""Fisher merging (Matena and Raffel 2022): an average in which each weight counts by its diagonal Fisher information.

    theta = sum_k F_k theta_k / sum_k F_k,    F_k = mean over examples of (d log p(y | x) / d theta)^2 at theta_k

y is the example's label (labels = true), or the expectation over the model's own prediction is taken (labels =
false, for classes only). F_k is divided by its norm, so that no model outweighs the others, and is at least `floor`.
Task k must belong to model k. Memory: one model and its Fisher; those of the others wait on disk.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.methods.merging.checkpoint import Checkpoint
from model_adapters.methods.merging.objective import Objective, Tensors
from model_adapters.methods.merging.products import dot
from model_adapters.methods.merging.run import Merged, MergeRun, Option

if TYPE_CHECKING:
    import torch

OPTIONS = {
    "labels": Option(True, "true: gradients at the given labels; false: expectation over the predicted classes"),
    "at_most": Option(256, "examples a model"),
    "normalise": Option(True, "divide each model's Fisher by its norm"),
    "floor": Option(1e-6, "least Fisher information of a weight"),
}


def steps(run: MergeRun) -> int:
    """One a model."""
    return run.pool.size


def merge(run: MergeRun) -> Merged:
    """Fisher of every model on its own task, then the weighted average.

    Raises:
        UserError: not one task a model.
    """
    import torch

    pool, objective, settings = run.pool, run.need_objective(), run.settings
    task_of(run)
    files = [run.work / f"fisher-{index}.safetensors" for index in range(1, pool.size + 1)]
    for index, file in enumerate(files, start=1):
        if not file.exists():
            weights = {name: pool.read(index, name) for name in pool.merged}
            task = objective.tasks[index - 1]
            _write(file, diagonal_fisher(objective, weights, task, settings["at_most"], settings["labels"]))
            run.step(index)
    stored = [Checkpoint(str(file), [file]) for file in files]
    norms = [math.sqrt(sum(dot(part, part) for part in map(each.read, pool.merged))) for each in stored]
    dead = next((pool.label(i + 1) for i, norm in enumerate(norms) if not norm), None)
    if dead is not None:
        raise UserError(f"The Fisher information of {dead} is zero: its task's loss does not depend on its weights.")

    def tensor(name: str) -> torch.Tensor:
        above = torch.zeros(pool.entry(name).shape, dtype=torch.float64)
        below = torch.zeros_like(above)
        for index, (each, norm) in enumerate(zip(stored, norms, strict=True), start=1):
            weight = each.read(name).double() / (norm if settings["normalise"] else 1.0)
            weight.clamp_(min=settings["floor"])
            above.add_(weight * pool.read(index, name))
            below.add_(weight)
        return above / below

    return Merged(tensor, {"uses_labels": bool(settings["labels"]), "fisher_norms": norms})


def diagonal_fisher(
    objective: Objective, weights: Tensors, task: str, at_most: int, labels: bool
) -> dict[str, torch.Tensor]:
    """The diagonal of the Fisher information at some weights, from a task's first `at_most` examples, one by one.

    Raises:
        UserError: an expectation is asked of an objective whose `forward` gives no logits.
    """
    import torch

    leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in weights.items()}
    total = {name: torch.zeros(leaf.shape, dtype=torch.float64) for name, leaf in leaves.items()}
    count = min(at_most, objective.examples(task))
    for row in range(count):
        rows = torch.tensor([row])
        if labels:
            _add_square(total, leaves, objective.losses(leaves, task, rows).sum(), 1.0)
            continue
        forward = getattr(objective, "forward", None)
        if forward is None:
            raise UserError("labels = false needs an objective that gives logits. Set labels = true.")
        logs = torch.log_softmax(forward(leaves, task, rows)[0], dim=-1)
        if logs.ndim != 1:
            raise UserError("labels = false needs one class an example. Set labels = true.")
        for which in range(len(logs)):
            _add_square(total, leaves, logs[which], float(logs[which].detach().exp()), which + 1 < len(logs))
    return {name: (each / count).float() for name, each in total.items()}


def task_of(run: MergeRun) -> None:
    """Raise UserError unless there is one task a model, in their order."""
    tasks = run.need_objective().tasks
    if len(tasks) != run.pool.size:
        raise UserError(
            f"This method needs one task a model, in their order: {run.pool.size} models, {len(tasks)} tasks."
        )


def _add_square(total: dict, leaves: dict, what: torch.Tensor, weight: float, retain: bool = False) -> None:
    import torch

    found = torch.autograd.grad(what, list(leaves.values()), retain_graph=retain, allow_unused=True)
    for name, slope in zip(leaves, found, strict=True):
        if slope is not None:
            total[name].add_(slope.double() ** 2, alpha=weight)


def _write(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    from safetensors.torch import save

    with atomic_write(file) as stream:
        stream.write(save(tensors))
