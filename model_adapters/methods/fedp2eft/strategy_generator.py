"""The personalisation-strategy generator: from a client's statistics to a scale for every rank of every adapter."""

from __future__ import annotations

import torch
from torch import nn

from model_adapters.methods.fedp2eft.bayestune_lora import clamped


class StrategyGenerator(nn.Module):
    """Linear(d, 2 d), PReLU, Linear(2 d, layers x r_max), clamped straight through to [1e-4, 1e3].

    Starts at about 1e-4 for every client: Xavier-normal weights of gain 1e-6, biases 1e-4. Of the generator alone the
    server ever sees anything; adapters stay with the client.
    """

    def __init__(self, statistics: int, scales: int, seed: int) -> None:
        """Args: statistics: d. scales: layers x r_max."""
        super().__init__()
        self.inner = nn.Linear(statistics, 2 * statistics)
        self.activation = nn.PReLU()
        self.outer = nn.Linear(2 * statistics, scales)
        generator = torch.Generator().manual_seed(seed)
        for layer in (self.inner, self.outer):
            nn.init.xavier_normal_(layer.weight, gain=1e-6, generator=generator)
            nn.init.constant_(layer.bias, 1e-4)

    def forward(self, statistics: torch.Tensor) -> torch.Tensor:
        """Float[scales] of one client."""
        return clamped(self.outer(self.activation(self.inner(statistics))))


def imitate(
    generator: StrategyGenerator, statistics: torch.Tensor, scales: torch.Tensor, rate: float, steps: int
) -> None:
    """Move the generator towards the scales that a client found: Adam on sum |generator(statistics) - scales|.

    Args:
        rate: of Adam. steps: taken here, with moments of their own (they do not outlive the round).
    """
    optimiser = torch.optim.Adam(generator.parameters(), lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (generator(statistics) - scales).abs().sum().backward()
        optimiser.step()
