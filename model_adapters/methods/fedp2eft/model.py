"""A frozen network with its loss, as clients use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from data_splits.errors import UserError
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
        """Logits or prediction of some examples.

        Raises:
            UserError: the network cannot take these examples.
        """
        import torch

        inputs = {name: tensor[rows] for name, tensor in examples.items() if name.startswith("inputs")}
        first = (inputs.pop("inputs"),) if "inputs" in inputs else ()
        named = {name.removeprefix("inputs."): tensor for name, tensor in inputs.items()}
        with _examples_that_fit():
            if not self.bfloat16:
                return tensor_of(self.network(*first, **named))
            with torch.autocast(next(self.network.parameters()).device.type, torch.bfloat16):
                return tensor_of(self.network(*first, **named)).float()

    def mean_loss(self, examples: Examples, rows: torch.Tensor) -> torch.Tensor:
        """The mean loss of a batch.

        Raises:
            UserError: network or loss cannot take these examples.
        """
        with _examples_that_fit():
            mean: torch.Tensor = self.loss.losses(self.output(examples, rows), examples["targets"][rows]).mean()
        return mean

    def scores(self, examples: Examples, batch: int = 256) -> list[float]:
        """How right each prediction is, higher is better (1 or 0 for a class); evaluation mode.

        Raises:
            UserError: network or loss cannot take these examples.
        """
        import torch

        self.network.eval()
        found: list[float] = []
        with torch.no_grad(), _examples_that_fit():
            for rows in torch.arange(count(examples)).split(batch):
                found += self.loss.scores(self.output(examples, rows), examples["targets"][rows]).tolist()
        return found


@contextmanager
def _examples_that_fit() -> Iterator[None]:
    """Tell in a line what torch says of shapes, kinds and ranges; a lack of memory stays what it is."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"A client's examples do not fit the network or the loss ({said[:200]}). "
            "Look at the shapes and kinds of inputs and targets, at network and at loss."
        ) from error


def batches(examples: int, size: int, epochs: int, seed: int) -> Iterator[torch.Tensor]:
    """Rows of every batch of every epoch; each epoch in an order of its own."""
    import torch

    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        yield from torch.from_numpy(rng.permutation(examples)).split(size)
