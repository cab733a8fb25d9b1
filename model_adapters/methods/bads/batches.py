"""Which examples a step sees: shuffled anew each epoch, a function of (seed, step) alone, so that a resume agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_adapters.inference.seeds import derive_seed

if TYPE_CHECKING:
    import torch


class Batches:
    """Batches without repetition inside an epoch; the incomplete last batch of an epoch is left out.

    Args:
        examples: how many there are. size: of a batch; all examples where there are fewer. seed, purpose: of the order.
    """

    def __init__(self, examples: int, size: int, seed: int, purpose: str) -> None:
        self.size = min(size, examples)
        self._examples, self._seed, self._purpose = examples, seed, purpose
        self._epoch = -1
        self._order: torch.Tensor | None = None

    def rows(self, step: int) -> torch.Tensor:
        """int64[size] of step 0, 1, ..."""
        import torch

        epoch, place = self.epoch(step), step % (self._examples // self.size)
        if epoch != self._epoch or self._order is None:
            rng = generator(self._seed, f"epoch {epoch}", self._purpose)
            self._order, self._epoch = torch.randperm(self._examples, generator=rng), epoch
        return self._order[place * self.size : (place + 1) * self.size]

    def epoch(self, step: int) -> int:
        """How often the examples were gone through before this step."""
        return step // (self._examples // self.size)


def generator(seed: int, what: str, purpose: str) -> torch.Generator:
    """A generator of its own for every use."""
    import torch

    return torch.Generator().manual_seed(derive_seed(seed, what, purpose=purpose))
