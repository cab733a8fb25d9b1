"""What a data-driven merge minimises: the mean over tasks of the mean loss over a task's few proxy examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from data_splits.errors import UserError

if TYPE_CHECKING:
    import torch

Tensors = Mapping[str, "torch.Tensor"]


class Objective(Protocol):
    """Losses of a network under given weights. `ProxyObjective` is the one that reads files; yours may be any.

    Attributes:
        tasks: names of the target tasks. chunk: most examples of one forward pass.
    """

    tasks: tuple[str, ...]
    chunk: int

    def examples(self, task: str) -> int:
        """Number of proxy examples."""
        ...

    def losses(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """float[rows], differentiable in the weights: the supervised loss of each example."""
        ...

    def entropies(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """float[rows], differentiable: the entropy of the prediction, in nats; reads no label."""
        ...

    def scores(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """float[rows]: how right the prediction is, higher is better (1 or 0 for a class)."""
        ...

    def facts(self) -> dict[str, Any]:
        """What a record may hold: names, counts and hashes, nothing of the examples."""
        ...


def chunks(objective: Objective, task: str, rows: torch.Tensor | None = None) -> Sequence[torch.Tensor]:
    """Indices of a task's examples (or of some), as many at a time as fit a forward pass."""
    import torch

    chosen = torch.arange(objective.examples(task)) if rows is None else rows
    return torch.split(chosen, objective.chunk or max(1, len(chosen)))


def gradient(
    objective: Objective, weights: Tensors, labels: bool = True, rows: Mapping[str, torch.Tensor] | None = None
) -> tuple[float, dict[str, torch.Tensor]]:
    """The objective and its gradient.

    Args:
        weights: name -> tensor. labels: the supervised loss; else the entropy.
        rows: task -> examples of a minibatch; all where None.

    Returns:
        The mean over tasks of the mean over examples, and its gradient by name (0 where the network does not use it).

    Raises:
        UserError: it is not finite.
    """
    import torch

    leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in weights.items()}
    total = 0.0
    measure = objective.losses if labels else objective.entropies
    for task in objective.tasks:
        chosen = None if rows is None else rows[task]
        count = objective.examples(task) if chosen is None else len(chosen)
        for part in chunks(objective, task, chosen):
            loss = measure(leaves, task, part).sum() / (count * len(objective.tasks))
            total += float(loss.detach())
            if loss.requires_grad:
                loss.backward()
    require_finite(total, "The objective")
    found = {n: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for n, leaf in leaves.items()}
    bad = next((name for name, each in found.items() if not bool(torch.isfinite(each).all())), None)
    if bad is not None:
        raise UserError(f"The objective's gradient at {bad} is not finite. Look for NaN in the tasks or the pool.")
    return total, found


def value(objective: Objective, weights: Tensors, labels: bool = True) -> float:
    """The objective alone, as `gradient` defines it; infinite where it is not a number."""
    import torch

    total = 0.0
    measure = objective.losses if labels else objective.entropies
    with torch.no_grad():
        for task in objective.tasks:
            scale = objective.examples(task) * len(objective.tasks)
            total += sum(float(measure(weights, task, part).sum()) / scale for part in chunks(objective, task))
    return total if total == total else float("inf")


def score(objective: Objective, weights: Tensors, task: str) -> float:
    """The mean score of a task, higher is better."""
    import torch

    with torch.no_grad():
        parts = [objective.scores(weights, task, part).sum() for part in chunks(objective, task)]
    return float(sum(float(part) for part in parts)) / objective.examples(task)


def mean_score(objective: Objective, weights: Tensors) -> float:
    """The mean over tasks of their mean scores.

    Raises:
        UserError: it is not finite.
    """
    mean = sum(score(objective, weights, task) for task in objective.tasks) / len(objective.tasks)
    require_finite(mean, "The score")
    return mean


def require_finite(number: float, what: str) -> None:
    """Raise UserError for NaN or infinity."""
    if not abs(number) < float("inf"):
        raise UserError(
            f"{what} is {number} under the merged weights. Look for NaN in the tasks, or for a model that diverged."
        )
