"""The weight of every training example, in [0, 1]: a free number each, or what a small network says of the example."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from model_adapters.methods.bads.dynamics import Dynamics, at_rest, gradient, leaves

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from model_adapters.methods.bads.dynamics import Parameters
    from model_adapters.methods.bads.problem import Problem

LARGEST = 6.0
"""A weight's logit stays within +-6: beyond, sigmoid's slope is so small that an example could never come back."""


class InstanceWeights(Protocol):
    """Weights that follow the slope of the potential with respect to each of them."""

    needs_losses: bool

    def of(self, rows: Tensor | None, losses: Tensor | None = None) -> Tensor:
        """float32[rows], detached; of all examples where None. losses: float32[rows], where `needs_losses`."""
        ...

    def step(self, rows: Tensor, slope: Tensor, losses: Tensor, rng: torch.Generator) -> None:
        """Move; `slope` is dU/dw of each row, where U is the potential (minus log posterior)."""
        ...

    def state(self) -> dict[str, Tensor]: ...

    def restore(self, state: dict[str, Tensor]) -> None: ...


class FreeWeights:
    """w_i = sigmoid(a_i); a_i <- a_i - rate w_i (1 - w_i) dU/dw_i + sqrt(2 rate T) noise.

    Args:
        examples: n. start: the weight that all have at first. rate: step size. temperature: T.
    """

    needs_losses = False

    def __init__(self, examples: int, start: float, rate: float, temperature: float) -> None:
        import torch

        self._logit = torch.full((examples,), logit(start))
        self._rate, self._noise = rate, math.sqrt(2.0 * rate * temperature)

    def of(self, rows: Tensor | None, losses: Tensor | None = None) -> Tensor:
        """float32[rows]."""
        return (self._logit if rows is None else self._logit[rows]).sigmoid()

    def step(self, rows: Tensor, slope: Tensor, losses: Tensor, rng: torch.Generator) -> None:
        """Move the rows, each of which must stand there once."""
        import torch

        a = self._logit[rows]
        w = a.sigmoid()
        a = a - self._rate * w * (1.0 - w) * slope
        if self._noise:
            a = a + self._noise * torch.randn(a.shape, generator=rng)
        self._logit[rows] = a.clamp(-LARGEST, LARGEST)

    def state(self) -> dict[str, Tensor]:
        """As tensors to be stored."""
        return {"weights.logit": self._logit}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        self._logit = state["weights.logit"]


class WeightNetwork:
    """w_i = sigmoid(6 tanh(network(what it sees of example i) / 6)): examples that look alike get weights alike.

    The network has one hidden layer (tanh), starts by saying `start` of everything, and follows the mean slope of a
    batch by `dynamics`.

    Args:
        problem: whose training examples it sees. sees: "example" (input and target), "loss" (what the main network
            loses on it now, held fixed), or "both". hidden: units. start: first weight.
    """

    def __init__(
        self, problem: Problem, sees: str, hidden: int, start: float, dynamics: Dynamics, rng: torch.Generator
    ) -> None:
        import torch

        self._problem, self._dynamics, self._sees = problem, dynamics, sees
        self.needs_losses = sees != "example"
        shown = problem.shown(None)
        self._mean, self._scale = shown.mean(0), shown.std(0).clamp(min=1e-6)
        # each block of what it sees starts with the same say, however many columns it has
        blocks = {"example": [problem.shown_width], "loss": [1], "both": [problem.shown_width, 1]}[sees]
        into = [(2.0 * torch.rand((hidden, width), generator=rng) - 1.0) / math.sqrt(width) for width in blocks]
        self._phi: Parameters = {
            "0.bias": 2.0 * torch.rand(hidden, generator=rng) - 1.0,
            "0.weight": torch.cat(into, 1),
            "2.bias": torch.full((1,), LARGEST * math.atanh(logit(start) / LARGEST)),
            "2.weight": torch.zeros(1, hidden),
        }
        self._velocity = at_rest(self._phi)

    def of(self, rows: Tensor | None, losses: Tensor | None = None) -> Tensor:
        """float32[rows]."""
        return self._said(self._phi, rows, losses).detach()

    def step(self, rows: Tensor, slope: Tensor, losses: Tensor, rng: torch.Generator) -> None:
        """Move the network along the mean of slope x weight."""
        phi = leaves(self._phi)
        potential = (slope.detach() * self._said(phi, rows, losses)).mean()
        moved, self._velocity = self._dynamics.step(self._phi, self._velocity, gradient(potential, phi), rng)
        self._phi = {name: tensor.detach() for name, tensor in moved.items()}

    def _said(self, phi: Parameters, rows: Tensor | None, losses: Tensor | None) -> Tensor:
        import torch

        seen = [] if self._sees == "loss" else [(self._problem.shown(rows) - self._mean) / self._scale]
        if self.needs_losses:
            assert losses is not None
            seen.append(losses.detach()[:, None].log1p())
        hidden = (torch.cat(seen, 1) @ phi["0.weight"].T + phi["0.bias"]).tanh()
        raw = (hidden @ phi["2.weight"].T + phi["2.bias"])[:, 0]
        return (LARGEST * (raw / LARGEST).tanh()).sigmoid()

    def state(self) -> dict[str, Tensor]:
        """As tensors to be stored."""
        phi = {f"weights.{name}": tensor for name, tensor in self._phi.items()}
        return phi | {f"weights.velocity.{name}": tensor for name, tensor in self._velocity.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        self._phi = {name: state[f"weights.{name}"] for name in self._phi}
        self._velocity = {name: state[f"weights.velocity.{name}"] for name in self._phi}


def logit(probability: float) -> float:
    """log(p / (1 - p))."""
    return math.log(probability / (1.0 - probability))
