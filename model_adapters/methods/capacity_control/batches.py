"""What each step sees: a function of (seed, step) alone, so that a resumed run goes on as if nothing had happened.

Cases are gone through in epochs, each in an order of its own; a batch may lie across two epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.capacity_control.mitigation import insert_tokens

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from model_adapters.methods.capacity_control.process import Level, Process


@dataclass(frozen=True)
class Batch:
    """A step's samples. rows: positions of the cases. prompts: as told. noise: float32[n, c, h, w]. level: of noise."""

    rows: tuple[int, ...]
    prompts: tuple[str, ...]
    noise: Tensor
    level: Level


class Batches:
    """Draws batches.

    Args:
        prompts: of the cases, in order. shape: of one latent. tokens: for `inserted` random ones a prompt.
        dropout: share of prompts that become "".
    """

    def __init__(
        self,
        prompts: Sequence[str],
        shape: tuple[int, ...],
        process: Process,
        size: int,
        seed: int,
        dropout: float,
        inserted: int = 0,
        tokens: tuple[str, ...] = (),
    ) -> None:
        self.prompts, self.shape, self.process, self.size, self.seed = tuple(prompts), shape, process, size, seed
        self.dropout, self.inserted, self.tokens = dropout, inserted, tokens
        self._orders: dict[int, list[int]] = {}

    def __call__(self, step: int) -> Batch:
        """The batch of step 0, 1, 2, ..."""
        import torch

        places = [divmod(step * self.size + index, len(self.prompts)) for index in range(self.size)]
        rows = [(epoch, self._order(epoch)[place]) for epoch, place in places]
        rng = self._rng("step", step)
        empty = torch.rand(self.size, generator=rng) < self.dropout
        level = self.process.draw(self.size, rng)
        noise = torch.randn((self.size, *self.shape), generator=rng)
        told = [("" if bare else self.told(row, epoch)) for (epoch, row), bare in zip(rows, empty, strict=True)]
        return Batch(tuple(row for _, row in rows), tuple(told), noise, level)

    def told(self, row: int, epoch: int) -> str:
        """The prompt of a case in an epoch."""
        if not self.inserted:
            return self.prompts[row]
        return insert_tokens(self.prompts[row], self.inserted, self.tokens, self._rng(f"insert/{row}", epoch))

    def _order(self, epoch: int) -> list[int]:
        import torch

        if epoch not in self._orders:
            self._orders = {e: order for e, order in self._orders.items() if e >= epoch - 1}
            self._orders[epoch] = torch.randperm(len(self.prompts), generator=self._rng("epoch", epoch)).tolist()
        return self._orders[epoch]

    def _rng(self, what: str, number: int) -> Generator:
        import torch

        return torch.Generator().manual_seed(derive_seed(self.seed, what, number, "capacity-control"))
