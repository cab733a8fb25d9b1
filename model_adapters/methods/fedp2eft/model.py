"""A frozen network with its loss, as clients use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from model_adapters.methods.fedp2eft.clients import Examples, count
from model_adapters.methods.merging.losses import tensor_of

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Model:
    """Attributes: network: an nn.Module. loss: of `merging.losses`: losses and scores, one value an example.
    bfloat16: compute in it; weights in float32 (those of adapters) are cast on the way, outputs are float32.
    """

    network: torch.nn.Module
    loss: Any
    bfloat16: bool = False

    def output(self, examples: Examples, rows: torch.Tensor) -> torch.Tensor:
        """Logits or prediction of some examples."""
        import torch

        inputs = {name: tensor[rows] for name, tensor in examples.items() if name.startswith("inputs")}
        first = (inputs.pop("inputs"),) if "inputs" in inputs else ()
        named = {name.removeprefix("inputs."): tensor for name, tensor in inputs.items()}
        if not self.bfloat16:
            return tensor_of(self.network(*first, **named))
        with torch.autocast(next(self.network.parameters()).device.type, torch.bfloat16):
            return tensor_of(self.network(*first, **named)).float()

    def mean_loss(self, examples: Examples, rows: torch.Tensor) -> torch.Tensor:
        """The mean loss of a batch."""
        mean: torch.Tensor = self.loss.losses(self.output(examples, rows), examples["targets"][rows]).mean()
        return mean

    def scores(self, examples: Examples, batch: int = 256) -> list[float]:
        """How right each prediction is, higher is better (1 or 0 for a class); evaluation mode."""
        import torch

        self.network.eval()
        found: list[float] = []
        with torch.no_grad():
            for rows in torch.arange(count(examples)).split(batch):
                found += self.loss.scores(self.output(examples, rows), examples["targets"][rows]).tolist()
        return found


def batches(examples: int, size: int, epochs: int, seed: int) -> Iterator[torch.Tensor]:
    """Rows of every batch of every epoch; each epoch in an order of its own."""
    import torch

    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        yield from torch.from_numpy(rng.permutation(examples)).split(size)
