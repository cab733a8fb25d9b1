"""TIES (Yadav et al. 2023): trim, elect signs, merge what agrees. theta = theta_0 + lambda tau.

1. Trim: of each whole task vector keep the `density` of largest magnitude.
2. Elect: the sign of an entry is that of the sum over models; where the sum is 0, the sign that most elected entries
   have (the global majority).
3. Merge: of the entries that agree with the elected sign take the mean over the models that agree (the paper), or
   the sum (FusionBench). The two need different lambda, so `aggregation` is always in the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_splits.errors import UserError
from model_adapters.methods.merging.pool import BASE
from model_adapters.methods.merging.run import Merged, MergeRun, Option
from model_adapters.methods.merging.task_vectors import TaskVectors, trim

if TYPE_CHECKING:
    import torch

OPTIONS = {
    "density": Option(0.2, "share of each task vector's entries that is kept"),
    "scaling": Option(0.3, "lambda, the factor of the merged task vector"),
    "aggregation": Option("mean", "mean (the paper: over the models that agree) or sum (FusionBench)"),
}


def steps(run: MergeRun) -> int:
    """A threshold for each model, and the majority sign."""
    return run.pool.size + 1


def merge(run: MergeRun) -> Merged:
    """Trim, elect, merge."""
    return merge_vectors(run, TaskVectors(run.pool))


def merge_vectors(run: MergeRun, vectors: TaskVectors) -> Merged:
    """TIES of given task vectors."""
    settings = run.settings
    find = MergedVector(run, vectors, settings["density"], settings["aggregation"])
    pool = run.pool
    return Merged(
        lambda name: pool.read(BASE, name) + settings["scaling"] * find(name),
        {"majority_sign": (run.state() or {})["majority"], "thresholds": (run.state() or {})["thresholds"]},
    )


class MergedVector:
    """Name -> the tensor of TIES' merged task vector, without lambda. Called as a function."""

    def __init__(self, run: MergeRun, vectors: TaskVectors, density: float, aggregation: str) -> None:
        """Find thresholds and the majority sign, or read them back.

        Raises:
            UserError: another aggregation than mean and sum.
        """
        if aggregation not in ("mean", "sum"):
            raise UserError(f"aggregation is {aggregation!r}; it is mean or sum.")
        self.trimmed = trim(run, vectors, density)
        self.aggregation = aggregation
        self.pool = run.pool
        state = run.state() or {}
        if "majority" not in state:
            total = sum(int(self._sum(name).sign().sum()) for name in self.pool.merged)
            state["majority"] = (total > 0) - (total < 0)
            run.keep(state)
            run.step(self.pool.size + 1)
        self.majority = float(state["majority"])

    def __call__(self, name: str) -> torch.Tensor:
        """Elect and merge one tensor; reads every model twice."""
        import torch

        sign = self.sign(name)
        total, count = torch.zeros_like(sign), torch.zeros_like(sign)
        for index in range(1, self.pool.size + 1):
            part = self.trimmed.of(index, name)
            agrees = part * sign > 0
            total.add_(part * agrees)
            count.add_(agrees)
        return total if self.aggregation == "sum" else total / count.clamp(min=1)

    def sign(self, name: str) -> torch.Tensor:
        """The elected sign of every entry of a tensor: 1, -1 or (where there is no majority either) 0."""
        found = self._sum(name).sign()
        found[found == 0] = self.majority
        return found

    def _sum(self, name: str) -> torch.Tensor:
        import torch

        total = torch.zeros(self.pool.entry(name).shape, dtype=torch.float64)
        for index in range(1, self.pool.size + 1):
            total.add_(self.trimmed.of(index, name))
        return total
