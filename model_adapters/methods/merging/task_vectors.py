"""Task vectors tau_k = theta_k - theta_0 as methods change them: plain, with entries dropped at random, or trimmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.merging.pool import BASE, Pool
from model_adapters.methods.merging.run import MergeRun
from model_adapters.methods.merging.trimming import kept_count, magnitude_threshold, trimmed

if TYPE_CHECKING:
    import torch


class TaskVectors:
    """tau_k, tensor by tensor."""

    def __init__(self, pool: Pool) -> None:
        pool.checkpoint(BASE)
        self.pool = pool

    def of(self, index: int, name: str) -> torch.Tensor:
        """A tensor of tau_k; yours to change."""
        return self.pool.difference(index, name)


class Dropped(TaskVectors):
    """DARE (Yu et al. 2024): every entry is dropped with probability p, the others are divided by 1 - p.

    Draws follow from (seed, model, tensor) alone, so a tensor may be asked for again.
    """

    def __init__(self, pool: Pool, drop: float, seed: int) -> None:
        """Raise UserError for a probability outside [0, 1)."""
        super().__init__(pool)
        if not 0.0 <= drop < 1.0:
            raise UserError(f"drop is {drop}; it is a probability below 1, for example 0.5.")
        self.drop, self.seed = drop, seed

    def of(self, index: int, name: str) -> torch.Tensor:
        """A tensor of tau_k after dropping."""
        return dropped(super().of(index, name), self.drop, self.seed, f"{self.pool.label(index)}/{name}")


class Trimmed(TaskVectors):
    """The entries of largest magnitude of each whole tau_k; 0 elsewhere. (TIES; not tensor by tensor.)"""

    def __init__(self, vectors: TaskVectors, thresholds: list[float]) -> None:
        super().__init__(vectors.pool)
        self.vectors, self.thresholds = vectors, thresholds

    def of(self, index: int, name: str) -> torch.Tensor:
        """A tensor of tau_k after trimming."""
        return trimmed(self.vectors.of(index, name), self.thresholds[index - 1])


class ChangedPool(Pool):
    """A pool whose model k is theta_0 plus a changed tau_k."""

    def __init__(self, vectors: TaskVectors) -> None:
        self.__dict__.update(vectors.pool.__dict__)
        self.vectors = vectors

    def read(self, index: int, name: str) -> torch.Tensor:
        """A tensor of a vertex."""
        base = self.vectors.pool.read(BASE, name)
        return base if index == BASE else base + self.vectors.of(index, name)


def dropped(vector: torch.Tensor, drop: float, seed: int, what: str) -> torch.Tensor:
    """A vector with entries set to 0 with probability `drop` and the others divided by 1 - drop."""
    import torch

    draws = torch.Generator().manual_seed(derive_seed(seed, what, purpose="dare"))
    return vector * (torch.rand(vector.shape, generator=draws) >= drop) / (1.0 - drop)


def trim(run: MergeRun, vectors: TaskVectors, density: float) -> Trimmed:
    """Find every model's threshold: two passes over each; one learning step a model, kept in the run's state.

    Raises:
        UserError: a density outside (0, 1].
    """
    if not 0.0 < density <= 1.0:
        raise UserError(f"density is {density}; it is the share of entries kept, above 0 and at most 1.")
    pool = run.pool
    state = run.state() or {}
    found: list[float] = state.get("thresholds", [])
    keep = kept_count(pool.parameters, density)
    while len(found) < pool.size:
        index = len(found) + 1
        found.append(magnitude_threshold(lambda i=index: (vectors.of(i, name) for name in pool.merged), keep))  # type: ignore[misc]
        run.keep({**state, "thresholds": found})
        run.step(len(found))
    return Trimmed(vectors, found)
