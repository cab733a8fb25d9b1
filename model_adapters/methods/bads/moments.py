"""Mean and spread of a vector over the samples of a chain, without keeping the samples (Welford 1962)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Moments:
    """Running moments.

    Attributes:
        count: samples so far. mean, squares: float64[d], mean and sum of squared deviations.
    """

    def __init__(self, width: int) -> None:
        import torch

        self.count = 0
        self.mean = torch.zeros(width, dtype=torch.float64)
        self.squares = torch.zeros(width, dtype=torch.float64)

    def add(self, sample: Tensor) -> None:
        """One more sample."""
        sample = sample.detach().double()
        self.count += 1
        delta = sample - self.mean
        self.mean = self.mean + delta / self.count
        self.squares = self.squares + delta * (sample - self.mean)

    @property
    def deviation(self) -> Tensor:
        """Standard deviation over the samples, float64[d]; 0 with fewer than two."""
        return (self.squares / max(1, self.count - 1)).sqrt()

    def state(self, name: str) -> dict[str, Tensor]:
        """As tensors to be stored."""
        import torch

        return {
            f"{name}.count": torch.tensor(self.count), f"{name}.mean": self.mean, f"{name}.squares": self.squares
        }  # fmt: skip

    def restore(self, state: dict[str, Tensor], name: str) -> None:
        """Take over what `state` gave."""
        self.count = int(state[f"{name}.count"])
        self.mean, self.squares = state[f"{name}.mean"], state[f"{name}.squares"]
