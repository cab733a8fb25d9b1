"""DARE (Yu et al. 2024): drop entries of the task vectors at random, rescale the others, then merge.

tau_k * Bernoulli(1 - p) / (1 - p), then task arithmetic or TIES. Draws follow from (seed, model, tensor).
"""

from __future__ import annotations

from data_splits.errors import UserError
from model_adapters.methods.merging import ties
from model_adapters.methods.merging.pool import BASE
from model_adapters.methods.merging.run import Merged, MergeRun, Option
from model_adapters.methods.merging.task_vectors import Dropped

OPTIONS = {
    "drop": Option(0.5, "probability p that an entry is dropped"),
    "then": Option("task-arithmetic", "task-arithmetic or ties, applied to what is left"),
    **ties.OPTIONS,
}


def steps(run: MergeRun) -> int:
    """Those of TIES where it follows."""
    return ties.steps(run) if run.settings["then"] == "ties" else 0


def merge(run: MergeRun) -> Merged:
    """Drop, rescale, merge.

    Raises:
        UserError: `then` is neither of the two.
    """
    import torch

    pool, settings = run.pool, run.settings
    vectors = Dropped(pool, settings["drop"], run.seed)
    if settings["then"] == "ties":
        return ties.merge_vectors(run, vectors)
    if settings["then"] != "task-arithmetic":
        raise UserError(f"then is {settings['then']!r}; it is task-arithmetic or ties.")

    def tensor(name: str) -> torch.Tensor:
        total = pool.read(BASE, name).double()
        for index in range(1, pool.size + 1):
            total.add_(vectors.of(index, name), alpha=settings["scaling"])
        return total

    return Merged(tensor, {})
