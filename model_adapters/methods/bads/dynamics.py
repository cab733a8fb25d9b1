"""Langevin dynamics with momentum: one step of a network's parameters towards, and around, its posterior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    Parameters = dict[str, torch.Tensor]
    """Name -> tensor of one network."""


@dataclass(frozen=True)
class Dynamics:
    """theta ~ exp(-N L(theta) / T), with L the mean loss of an example plus decay |theta|^2 / 2.

    v <- momentum v - rate (grad L + decay theta) + sqrt(2 (1 - momentum) rate T / N) noise;  theta <- theta + v.

    Momentum 0 is SGLD (Welling and Teh 2011); with momentum it is SGHMC (Chen et al. 2014), whose friction is
    1 - momentum. At small rates the variance around a minimum of curvature k of L is T / (N k) either way.

    Attributes:
        rate: step size. momentum: in [0, 1). temperature: T; 1 samples the posterior, 0 descends.
        examples: N. decay: precision of the Gaussian prior, per example.
    """

    rate: float
    momentum: float = 0.9
    temperature: float = 0.0
    examples: int = 1
    decay: float = 0.0

    @property
    def noise(self) -> float:
        """Standard deviation of what is added to the velocity in a step."""
        return math.sqrt(2.0 * (1.0 - self.momentum) * self.rate * self.temperature / self.examples)

    def step(
        self, theta: Parameters, velocity: Parameters, slope: Parameters, rng: torch.Generator
    ) -> tuple[Parameters, Parameters]:
        """Parameters and velocity after a step; noise is drawn in the order of the names."""
        import torch

        new_theta, new_velocity = {}, {}
        for name in sorted(theta):
            pull = slope[name] + self.decay * theta[name] if self.decay else slope[name]
            moved = self.momentum * velocity[name] - self.rate * pull
            if self.temperature > 0.0:
                moved = moved + self.noise * torch.randn(moved.shape, generator=rng)
            new_velocity[name] = moved
            new_theta[name] = theta[name] + moved
        return new_theta, new_velocity


def at_rest(theta: Parameters) -> Parameters:
    """A velocity of zero."""
    import torch

    return {name: torch.zeros_like(tensor) for name, tensor in theta.items()}


def gradient(loss: torch.Tensor, theta: Parameters) -> Parameters:
    """d loss / d theta; 0 for a parameter that the loss does not depend on."""
    import torch

    names = sorted(theta)
    found = torch.autograd.grad(loss, [theta[name] for name in names], allow_unused=True)
    return {
        name: torch.zeros_like(theta[name]) if each is None else each for name, each in zip(names, found, strict=True)
    }


def leaves(theta: Parameters) -> Parameters:
    """The same values as leaves that a gradient can be taken of."""
    return {name: tensor.detach().requires_grad_(True) for name, tensor in theta.items()}
