"""Gaussian posteriors over merge coefficients: how far they are from a prior, and how they are learnt.

Q = N(mean, scale^2 I), P = N(prior mean, prior scale^2 I). Two ways to learn Q, as in "Model Merging is Secretly
Certifiable" (arXiv 2505.15798; no code is public, so optimiser and constants are ours): an off-the-shelf merge whose
coefficients become the mean, the bound computed afterwards; or the bound itself minimised over mean and scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from leaderboards.statistics.certificates.codes.gaussian import isotropic_kl, prior_scale
from leaderboards.statistics.certificates.union import index_nats
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.certificates.coefficients import Alpha, Coefficients
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.certificates.evolution import Search, minimise
from model_adapters.methods.certificates.sample import Part
from model_adapters.methods.certificates.surrogates import Slopes
from model_adapters.methods.merging.adam import Adam
from model_adapters.methods.merging.objective import gradient, mean_score, value

MOST_INDEX = 40
"""Prior scales tried of the endless grid; the price of an index does not depend on where one stops."""


@dataclass(frozen=True)
class Posterior:
    """N(mean, scale^2 I)."""

    mean: Alpha
    scale: float


@dataclass(frozen=True)
class Price:
    """KL(Q||P) under the prior scale that makes KL and the price of choosing it least.

    Attributes:
        nats: both together. prior_scale: s_p. index: its place in the grid, None where it was fixed beforehand.
        squared_distance: |mean - prior mean|^2.
    """

    nats: float
    prior_scale: float
    index: int | None
    squared_distance: float


@dataclass(frozen=True)
class Prior:
    """N(mean, scale^2 I), fixed before the sample.

    Attributes:
        scale: s_p, or 0 for the grid s_p^2 = largest * exp(-j / precision), j = 1, 2, ..., of which one may be chosen
            on the sample for 2 ln j + ln(pi^2/6) nats.
    """

    mean: Alpha
    scale: float
    largest: float = 1.0
    precision: float = 1.0

    def price(self, posterior: Posterior) -> Price:
        """What the posterior costs."""
        distance = float(((posterior.mean - self.mean) ** 2).sum())
        count = len(self.mean)
        if self.scale > 0:
            return Price(isotropic_kl(count, distance, posterior.scale, self.scale), self.scale, None, distance)
        best: Price | None = None
        for index in range(1, MOST_INDEX + 1):
            scale = prior_scale(index, self.largest, self.precision)
            nats = isotropic_kl(count, distance, posterior.scale, scale) + index_nats(index)
            if best is None or nats < best.nats:
                best = Price(nats, scale, index, distance)
        assert best is not None
        return best


@dataclass(frozen=True)
class Learning:
    """How to learn.

    Attributes:
        gradients: Adam on the network's gradients; else an evolution strategy.
        steps, rate, save_every: of Adam. evaluations, spread, bound: of the search without gradients.
        penalty: factor of the mean magnitude of the coefficients (LoRAHub).
        perturbations: draws of the posterior behind one value of the bound in a search without gradients.
        p_min: least probability of the bounded cross-entropy that stands for the error.
        seed: the only source of randomness.
    """

    gradients: bool
    steps: int
    rate: float
    save_every: int
    evaluations: int
    spread: float
    bound: float
    penalty: float
    perturbations: int
    p_min: float
    seed: int

    @property
    def stage_steps(self) -> int:
        """How many steps a stage of learning takes."""
        return -(-self.steps // self.save_every) if self.gradients else self.evaluations


def learn_mean(space: Coefficients, part: Part, start: Alpha, how: Learning, stage: Stage) -> Alpha:
    """Coefficients of least mean loss on some examples, by full-batch Adam or without gradients."""
    if not how.gradients:

        def asked(alpha: Alpha) -> float:
            return value(part, space.model(alpha)) + how.penalty * float(np.abs(alpha).mean())

        return minimise(asked, start, Search(how.evaluations, how.spread, how.bound, how.seed), stage)[0]

    def slope(point: Alpha, step: int) -> Alpha:
        _, found = gradient(part, space.model(point))
        return space.slope(found) + how.penalty * np.sign(point) / len(point)

    return _descend(np.asarray(start, np.float64), slope, how, stage)


def learn_bound(
    space: Coefficients, part: Part, prior: Prior, start: Posterior, bound: Callable[[float, float], Slopes],
    how: Learning, stage: Stage,
) -> Posterior:  # fmt: skip
    """The posterior of least bound.

    With gradients: alpha = mean + scale * noise, new noise every step, the bounded cross-entropy in place of the error
    (its ceiling makes it a loss in [0, 1]). Without: the errors themselves, on the same few draws at every point.

    Args:
        part: of the examples that the bound will be computed from. bound: (risk, nats) -> value and slopes.
    """
    size = space.size
    begin = np.append(start.mean, math.log(start.scale))
    if how.gradients:

        def slope(point: Alpha, step: int) -> Alpha:
            now = Posterior(point[:size], math.exp(point[size]))
            noise = _noise(how.seed, "perturbation", step, size)
            risk, found = gradient(part, space.model(now.mean + now.scale * noise))
            cost = prior.price(now)
            slopes = bound(min(max(risk, 0.0), 1.0), cost.nats)
            by_alpha = slopes.by_risk * space.slope(found)
            by_mean = by_alpha + slopes.by_nats * (now.mean - prior.mean) / cost.prior_scale**2
            by_log = float(by_alpha @ noise) * now.scale
            by_log += slopes.by_nats * size * ((now.scale / cost.prior_scale) ** 2 - 1.0)
            return np.append(by_mean, by_log)

        end = _descend(begin, slope, how, stage)
    else:
        noises = [_noise(how.seed, "perturbation", draw, size) for draw in range(how.perturbations)]

        def asked(point: Alpha) -> float:
            now = Posterior(point[:size], math.exp(point[size]))
            risks = [1.0 - mean_score(part, space.model(now.mean + now.scale * noise)) for noise in noises]
            return bound(min(max(float(np.mean(risks)), 0.0), 1.0), prior.price(now).nats).value

        search = Search(how.evaluations, how.spread, how.bound, how.seed)
        end = minimise(asked, begin, search, stage)[0]
    return Posterior(end[:size], math.exp(end[size]))


def _descend(start: Alpha, slope: Callable[[Alpha, int], Alpha], how: Learning, stage: Stage) -> Alpha:
    adam = Adam(start, how.rate)
    state = stage.state()
    if state:
        adam.restore(state)
    while adam.count < how.steps:
        adam.step(slope(adam.value, adam.count))
        if adam.count % how.save_every == 0 or adam.count == how.steps:
            stage.keep(adam.state(), -(-adam.count // how.save_every))
    return adam.value


def _noise(seed: int, what: str, index: int, size: int) -> Alpha:
    return np.random.default_rng(derive_seed(seed, what, index, purpose="certificates")).standard_normal(size)
