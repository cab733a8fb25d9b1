"""One-step bilevel optimisation: weights anew in every step, from how much an example helps the meta loss.

Learning to Reweight Examples (Ren et al., ICML 2018), with the meta loss in the training objective as well: let
theta(e) = theta - rate grad(L_m + sum_i e_i l_i), then w_i ~ max(0, -d L_m(theta(e)) / d e_i) at e = 0, scaled to sum
to 1 over the batch. By the chain rule that slope is rate <grad L_m(theta(0)), grad l_i(theta)>.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_adapters.methods.bads.chain import Chain, Selection
from model_adapters.methods.bads.dynamics import gradient, leaves

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.bads.problem import Problem
    from model_adapters.methods.bads.settings import Settings


class BilevelChain(Chain):
    """See the module. An example's weight is the mean of batch size x w_i over its batches after burn-in."""

    def __init__(self, problem: Problem, settings: Settings, seed: int) -> None:
        import torch

        super().__init__(problem, settings, seed)
        self._sum = torch.zeros(problem.train, dtype=torch.float64)
        self._seen = torch.zeros(problem.train, dtype=torch.float64)

    def step(self, number: int) -> None:
        """Weights of a batch, then a step of the network under them."""
        rows, trusted, rng = self.batch(number)
        weight = self._weights(rows, trusted)
        theta = leaves(self.walk.theta)
        own, meta = self.problem.losses(theta, rows), self.problem.losses(theta, trusted, meta=True).mean()
        self.walk.descend(meta + (weight * own).sum(), theta, rng)
        # the two passes of the look ahead over both batches, its slope, and the step
        self.passes += 2 * len(rows) + 3 * len(trusted)
        scaled = weight.double() * len(rows)
        if number >= self.settings.burn_in * self.settings.steps:
            self._sum[rows] += scaled
            self._seen[rows] += 1.0
        if (number + 1) % self.settings.thin == 0:
            self.note(number, float(meta.detach()), float(own.detach().mean()), float(scaled.mean()))
        if self.samples_now(number):
            self.walk.sample()

    def _weights(self, rows: Tensor, trusted: Tensor) -> Tensor:
        """float32[rows], summing to 1, or to 0 where no example helps."""
        import torch
        from torch.nn.attention import SDPBackend, sdpa_kernel

        theta = leaves(self.walk.theta)
        slope = gradient(self.problem.losses(theta, trusted, meta=True).mean(), theta)
        ahead = leaves({name: theta[name] - self.settings.rate * slope[name] for name in theta})
        wanted = gradient(self.problem.losses(ahead, trusted, meta=True).mean(), ahead)
        share = torch.zeros(len(rows), requires_grad=True)
        with sdpa_kernel(SDPBackend.MATH):  # the fused kernels of attention have no second derivative
            inner = (share * self.problem.losses(theta, rows)).sum()
        names = sorted(theta)
        found = torch.autograd.grad(inner, [theta[name] for name in names], create_graph=True)
        along = sum(((a * wanted[name]).sum() for a, name in zip(found, names, strict=True)), torch.zeros(()))
        (helps,) = torch.autograd.grad(along, share)
        helps = helps.clamp(min=0.0)
        total = helps.sum()
        return helps / total if float(total) > 0.0 else helps

    def selection(self) -> Selection:
        """An example that no batch after burn-in held gets the mean weight."""
        seen = self._seen > 0
        weights = self._sum / self._seen.clamp(min=1.0)
        if bool(seen.any()):
            weights[~seen] = weights[seen].mean()
        return Selection(weights, weights * 0.0, self.walk.average, 1.0, self.trace)

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on."""
        return super().state() | {"bilevel.sum": self._sum, "bilevel.seen": self._seen}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        super().restore(state)
        self._sum, self._seen = state["bilevel.sum"], state["bilevel.seen"]
