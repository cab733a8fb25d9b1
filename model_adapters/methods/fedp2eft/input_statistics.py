"""What a client tells of itself: mean and standard deviation of what enters every linear layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from model_adapters.methods.fedp2eft.clients import Client, count
from model_adapters.methods.fedp2eft.model import Model


class Stream:
    """Mean and variance of all elements of a stream of tensors (merged pairwise, Chan et al. 1979), float64."""

    def __init__(self) -> None:
        self.n, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, values: torch.Tensor) -> None:
        """Take in a tensor of any shape."""
        values = values.detach().double()
        n, mean = values.numel(), float(values.mean())
        squares = float(((values - mean) ** 2).sum())
        apart, total = mean - self.mean, self.n + n
        self.squares += squares + apart**2 * self.n * n / total
        self.mean += apart * n / total
        self.n = total

    @property
    def deviation(self) -> float:
        """sqrt(variance + 1e-5), the variance over n."""
        return float((self.squares / self.n + 1e-5) ** 0.5)


def input_statistics(model: Model, layers: Mapping[str, nn.Module], client: Client, batch: int = 64) -> torch.Tensor:
    """float32[2 x layers + 1]: the means, the standard deviations, and log N, over a client's training examples.

    Call it on the frozen network, before adapters act. These numbers leave the client, and tell moments of its data.

    Args:
        layers: name -> module, in the order of the adapters.
    """
    streams = {name: Stream() for name in layers}

    def watch(name: str) -> Any:
        def hook(module: nn.Module, arguments: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            streams[name].add(arguments[0])

        return hook

    handles = [module.register_forward_hook(watch(name)) for name, module in layers.items()]
    try:
        model.network.eval()
        with torch.no_grad():
            for rows in torch.arange(count(client.train)).split(batch):
                model.output(client.train, rows)
    finally:
        for handle in handles:
            handle.remove()
    found = [stream.mean for stream in streams.values()] + [stream.deviation for stream in streams.values()]
    return torch.tensor([*found, float(torch.tensor(float(count(client.train))).log())], dtype=torch.float32)


def standard(rows: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation (at least 1e-3) of the seen clients' statistics, which only needs their sums."""
    stacked = torch.stack(rows).double()
    return stacked.mean(dim=0).float(), stacked.std(dim=0, correction=0).clamp(min=1e-3).float()
