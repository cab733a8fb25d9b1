"""BADS itself: joint Langevin dynamics over the network and the weights of the training examples.

The model is the paper's (Xu et al., arXiv 2411.03768, abstract): weights w and the training set D_t make the network,
and the network makes the trusted set D_m:

    p(theta, w | D_t, D_m) ~ p(w) p(theta | w, D_t) p(D_m | theta),   p(theta | w, D_t) = exp(-sum_i w_i l_i) p0 / Z(w).

The rule that samples it is a reconstruction, as are its step sizes. The slope of the potential in w_i is

    l_i(theta) - kappa E l_i(theta') + (mean(w) - beta) / c,   theta' ~ p(theta' | w, D_t).

The middle term is the slope of log Z(w). kappa = 0 drops it, and then a hard but right example loses its weight with
the wrong ones; kappa = 1 keeps it, and then a wrong example that theta' has learnt by heart looks right. One sample
theta' is kept: a second network that sees the weighted training set alone. Whether and how the paper keeps this term
is not known. The mean weight is tracked over `running` steps, which the paper does too (S_avg).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_adapters.methods.bads.batches import generator
from model_adapters.methods.bads.chain import Chain, Selection
from model_adapters.methods.bads.dynamics import Dynamics, leaves
from model_adapters.methods.bads.instance_weights import FreeWeights, InstanceWeights, WeightNetwork
from model_adapters.methods.bads.moments import Moments
from model_adapters.methods.bads.walk import Walk

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.bads.problem import Problem
    from model_adapters.methods.bads.settings import Settings

FREE_RATE, NETWORK_RATE = 0.5, 0.02
"""A network's bias moves all weights at once, against a mean that is known with a delay: faster, and it swings."""


class BadsChain(Chain):
    """See the module."""

    def __init__(self, problem: Problem, settings: Settings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self._weights = _weights(problem, settings, seed)
        self._other = Walk("other", problem, settings, seed) if settings.normaliser else None
        self._mean = settings.share
        self._moments = Moments(problem.train)

    def step(self, number: int) -> None:
        """One step of the network, of its counterpart, and of the weights of a batch."""
        s, problem = self.settings, self.problem
        rows, trusted, rng = self.batch(number)
        mass = s.share * len(rows)
        theta = leaves(self.walk.theta)
        own, meta = problem.losses(theta, rows), problem.losses(theta, trusted, meta=True).mean()
        weight = self._weights.of(rows, own)
        slope = own.detach()
        self.passes += len(rows) + len(trusted)
        self.walk.descend(meta + s.pull * (weight * own).sum() / mass, theta, rng)
        if self._other is not None:
            other = leaves(self._other.theta)
            alone = problem.losses(other, rows)
            self._other.descend((weight * alone).sum() / mass, other, rng)
            slope = slope - s.normaliser * alone.detach()
            self.passes += len(rows)
        self._mean += (float(weight.mean()) - self._mean) / s.running
        self._weights.step(rows, slope + (self._mean - s.share) / s.spread, own, rng)
        if (number + 1) % s.thin == 0:
            self.note(number, float(meta.detach()), float(own.detach().mean()), self._mean)
        if self.samples_now(number):
            self._moments.add(self._all())
            self.walk.sample()

    def _all(self) -> Tensor:
        if not self._weights.needs_losses:
            return self._weights.of(None)
        self.passes += self.problem.train
        return self._weights.of(None, self.problem.losses(self.walk.theta, None))

    def selection(self) -> Selection:
        """Posterior means of weights and network."""
        found = self._moments
        weights = found.mean if found.count else self._all().double()
        return Selection(weights, found.deviation, self.walk.average, 1.0, self.trace, {"samples": found.count})

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on."""
        import torch

        found = super().state() | self._weights.state() | self._moments.state("moments")
        found["mean_weight"] = torch.tensor(self._mean, dtype=torch.float64)
        return found if self._other is None else found | self._other.state()

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        super().restore(state)
        self._weights.restore(state)
        self._moments.restore(state, "moments")
        self._mean = float(state["mean_weight"])
        if self._other is not None:
            self._other.restore(state)


def _weights(problem: Problem, settings: Settings, seed: int) -> InstanceWeights:
    rate = settings.weight_rate or (FREE_RATE if settings.weights == "free" else NETWORK_RATE)
    if settings.weights == "free":
        return FreeWeights(problem.train, settings.share, rate, settings.temperature)
    dynamics = Dynamics(rate, 0.0, settings.temperature, problem.train)
    rng = generator(seed, "weight network", "bads start")
    return WeightNetwork(problem, settings.weight_sees, settings.weight_hidden, settings.share, dynamics, rng)
