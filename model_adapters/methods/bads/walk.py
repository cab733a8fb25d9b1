"""One network on its way: parameters, velocity, and the mean of what was sampled of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_adapters.methods.bads.batches import generator
from model_adapters.methods.bads.dynamics import Dynamics, at_rest, gradient

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from model_adapters.methods.bads.dynamics import Parameters
    from model_adapters.methods.bads.problem import Problem
    from model_adapters.methods.bads.settings import Settings


class Walk:
    """A network under Langevin dynamics.

    Args:
        name: of its tensors in the state, and of its random start. problem: whose network it is.

    Attributes:
        theta: where it is. samples: how many entered `average`. average: their mean, or `theta` while there are none.
    """

    def __init__(self, name: str, problem: Problem, settings: Settings, seed: int) -> None:
        self._name = name
        self.theta = problem.start(generator(seed, name, "bads start"))
        self._velocity = at_rest(self.theta)
        self.samples = 0
        self._mean = {key: tensor.double() for key, tensor in self.theta.items()}
        self.dynamics = Dynamics(
            settings.rate, settings.momentum, settings.temperature, problem.train + problem.meta, settings.decay
        )

    def descend(self, loss: Tensor, theta: Parameters, rng: torch.Generator) -> None:
        """A step along the slope of a loss of `theta`, which are `leaves(self.theta)`."""
        moved, velocity = self.dynamics.step(self.theta, self._velocity, gradient(loss, theta), rng)
        self.theta = {key: tensor.detach() for key, tensor in moved.items()}
        self._velocity = {key: tensor.detach() for key, tensor in velocity.items()}

    def sample(self) -> None:
        """Take where it is into the average."""
        self.samples += 1
        for key, tensor in self.theta.items():
            self._mean[key] = self._mean[key] + (tensor.double() - self._mean[key]) / self.samples

    @property
    def average(self) -> Parameters:
        """float32."""
        return {key: tensor.float() for key, tensor in self._mean.items()} if self.samples else dict(self.theta)

    def start_from(self, other: Walk) -> None:
        """Go on from where another is, at rest."""
        self.theta = dict(other.theta)

    def state(self) -> dict[str, Tensor]:
        """As tensors to be stored."""
        import torch

        found = {f"{self._name}.samples": torch.tensor(self.samples)}
        for part, tensors in (("theta", self.theta), ("velocity", self._velocity), ("mean", self._mean)):
            found |= {f"{self._name}.{part}.{key}": tensor for key, tensor in tensors.items()}
        return found

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""

        def of(part: str) -> Parameters:
            return {key: state[f"{self._name}.{part}.{key}"] for key in self.theta}

        self.samples = int(state[f"{self._name}.samples"])
        self.theta, self._velocity, self._mean = of("theta"), of("velocity"), of("mean")
