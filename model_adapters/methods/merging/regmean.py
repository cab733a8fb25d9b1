"""RegMean (Jin et al. 2023): each linear layer answers as the models' own layers do on their own inputs.

    W = (sum_k G_k)^-1 sum_k G_k W_k,   G_k = X_k^T X_k over the layer's inputs in model k, W in x out

Off-diagonal entries of G_k are multiplied by `shrink`; a ridge times the mean diagonal keeps the sum invertible. All
other tensors, biases included, are averaged. Task k must belong to model k. Memory: the Gram matrices of one model.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.checkpoint import Checkpoint
from model_adapters.methods.merging.fisher import task_of
from model_adapters.methods.merging.ledger import uniform
from model_adapters.methods.merging.run import Merged, MergeRun, Option

if TYPE_CHECKING:
    import torch

OPTIONS = {
    "at_most": Option(256, "examples a model"),
    "shrink": Option(0.95, "factor of the off-diagonal entries of a Gram matrix"),
    "ridge": Option(1e-6, "added to the diagonal, times its mean"),
}


def steps(run: MergeRun) -> int:
    """One a model."""
    return run.pool.size


def merge(run: MergeRun) -> Merged:
    """Gram matrices of every model on its own task, then the regression.

    Raises:
        UserError: not one task a model, or an objective without a network whose layers can be watched.
    """
    import torch

    pool, settings = run.pool, run.settings
    objective: Any = run.need_objective()
    task_of(run)
    if not hasattr(objective, "network") or not hasattr(objective, "forward"):
        raise UserError("RegMean watches the inputs of linear layers: the objective needs `network` and `forward`.")
    files = [run.work / f"gram-{index}.safetensors" for index in range(1, pool.size + 1)]
    layers: list[str] = []
    for index, file in enumerate(files, start=1):
        if not file.exists():
            weights = {name: pool.read(index, name) for name in pool.merged}
            _write(file, grams(objective, weights, objective.tasks[index - 1], settings["at_most"]))
            run.step(index)
        layers = sorted(Checkpoint(str(file), [file]).entries)
    stored = [Checkpoint(str(file), [file]) for file in files]
    average = uniform(blocks_of(pool.merged, "task"), dict.fromkeys(range(1, pool.size + 1), 1.0 / pool.size))

    def tensor(name: str) -> torch.Tensor:
        if name not in layers:
            return average.tensor(pool, name)
        width = pool.entry(name).shape[1]
        total = torch.zeros((width, width), dtype=torch.float64)
        target = torch.zeros((width, pool.entry(name).shape[0]), dtype=torch.float64)
        for index, each in enumerate(stored, start=1):
            gram = each.read(name).double()
            gram = settings["shrink"] * gram + (1.0 - settings["shrink"]) * torch.diag(gram.diagonal())
            # The ridge enters on both sides: with no data at all a layer is averaged, not shrunk to zero.
            gram.diagonal().add_(settings["ridge"] * gram.diagonal().mean().clamp(min=1e-30))
            total.add_(gram)
            target.add_(gram @ pool.read(index, name).double().T)
        return torch.linalg.solve(total, target).T.contiguous()

    return Merged(tensor, {"uses_labels": False, "regressed": layers})


def grams(objective: Any, weights: dict[str, torch.Tensor], task: str, at_most: int) -> dict[str, torch.Tensor]:
    """name of a linear layer's weight -> X^T X (float64) over its inputs for a task's first `at_most` examples."""
    import torch

    from model_adapters.methods.merging.objective import chunks

    back = {inner: outer for outer, inner in objective.names.items()}
    total: dict[str, torch.Tensor] = {}

    def watch(name: str) -> Any:
        def hook(module: torch.nn.Module, given: tuple, output: Any) -> None:
            rows = given[0].detach().reshape(-1, given[0].shape[-1]).double().cpu()
            total[name] = total.get(name, 0.0) + rows.T @ rows

        return hook

    handles = [
        module.register_forward_hook(watch(back[f"{place}.weight"]))
        for place, module in objective.network.named_modules()
        if isinstance(module, torch.nn.Linear) and f"{place}.weight" in back
    ]
    try:
        with torch.no_grad():
            rows = torch.arange(min(at_most, objective.examples(task)))
            for part in chunks(objective, task, rows):
                objective.forward(weights, task, part)
    finally:
        for handle in handles:
            handle.remove()
    return total


def _write(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    from safetensors.torch import save

    with atomic_write(file) as stream:
        stream.write(save(tensors))
