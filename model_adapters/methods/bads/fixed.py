"""Training with weights that stay as they are: what every rule but BADS and BLO ends in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_adapters.methods.bads.chain import Chain, Selection
from model_adapters.methods.bads.dynamics import leaves

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.bads.problem import Problem
    from model_adapters.methods.bads.settings import Settings


class FixedChain(Chain):
    """Descends pull_train (weighted mean of the training losses) + pull_meta (mean of the meta losses).

    Args:
        weights: float32[n]. meta_weight: of a meta example.
        pulls: of the two sets; by default the share that each has of all the weight.
    """

    def __init__(
        self,
        problem: Problem,
        settings: Settings,
        seed: int,
        weights: Tensor,
        meta_weight: float,
        pulls: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(problem, settings, seed)
        self._weights, self._meta_weight = weights.float(), meta_weight
        mass = (float(self._weights.sum()), meta_weight * problem.meta)
        self._pulls = pulls or (mass[0] / sum(mass), mass[1] / sum(mass))
        self._mean = float(self._weights.mean())

    def step(self, number: int) -> None:
        """One step of the network."""
        rows, trusted, rng = self.batch(number)
        pull_train, pull_meta = self._pulls
        theta = leaves(self.walk.theta)
        own, meta = self.problem.losses(theta, rows), self.problem.losses(theta, trusted, meta=True).mean()
        loss = pull_meta * meta
        if pull_train:
            loss = loss + pull_train * (self._weights[rows] * own).mean() / self._mean
        self.passes += (len(rows) if pull_train else 0) + (len(trusted) if pull_meta else 0)
        self.walk.descend(loss, theta, rng)
        if (number + 1) % self.settings.thin == 0:
            self.note(number, float(meta.detach()), float(own.detach().mean()), self._mean)
        if self.samples_now(number):
            self.walk.sample()

    def selection(self) -> Selection:
        """The weights as given."""
        weights = self._weights.double()
        return Selection(weights, weights * 0.0, self.walk.average, self._meta_weight, self.trace)
