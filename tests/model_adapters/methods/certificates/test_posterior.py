import math
from pathlib import Path

import numpy as np
import pytest
import torch
from signs import axes_pool, random_sample, stage_of

from leaderboards.statistics.certificates.codes.gaussian import gaussian_kl
from leaderboards.statistics.certificates.union import index_nats
from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.certificates.posterior import Learning, Posterior, Prior, learn_bound, learn_mean
from model_adapters.methods.certificates.surrogates import quadratic
from model_adapters.methods.merging.objective import value

STANDARD = {
    "gradients": True, "steps": 40, "rate": 0.05, "save_every": 10, "evaluations": 60, "spread": 0.3, "bound": np.inf,
    "penalty": 0.0, "perturbations": 4, "p_min": 0.01, "seed": 0,
}  # fmt: skip


def how(**changes: object) -> Learning:
    return Learning(**{**STANDARD, **changes})  # type: ignore[arg-type]


def test_a_fixed_prior_costs_the_divergence() -> None:
    prior, posterior = Prior(np.array([0.0, 1.0]), 0.5), Posterior(np.array([0.3, 0.6]), 0.2)
    price = prior.price(posterior)
    assert price.nats == pytest.approx(gaussian_kl(posterior.mean, 0.2, prior.mean, 0.5)) and price.index is None
    assert price.squared_distance == pytest.approx(0.09 + 0.16)


def test_a_chosen_prior_scale_costs_its_place_too() -> None:
    posterior = Posterior(np.array([0.3, 0.6]), 0.2)
    price = Prior(np.zeros(2), 0.0).price(posterior)
    assert price.index is not None and price.prior_scale == pytest.approx(math.exp(-price.index / 2))
    costs = [
        gaussian_kl(posterior.mean, 0.2, np.zeros(2), math.exp(-j / 2)) + index_nats(j) for j in range(1, 41)
    ]  # fmt: skip
    assert price.nats == pytest.approx(min(costs)) and costs.index(min(costs)) + 1 == price.index


def test_the_mean_is_learnt_with_and_without_gradients(tmp_path: Path) -> None:
    space, sample = Coefficients(axes_pool(tmp_path), "task"), random_sample(60)
    part = sample.part(sample.all())
    start = value(part, space.model(np.zeros(3)))
    for gradients in (True, False):
        told: list[int] = []
        mine = how(gradients=gradients)
        found = learn_mean(space, part, np.zeros(3), mine, stage_of(tmp_path / str(gradients), told=told))
        assert value(part, space.model(found)) < start - 0.2 and len(told) == mine.stage_steps == max(told)


def test_lorahubs_penalty_draws_coefficients_to_zero(tmp_path: Path) -> None:
    space, sample = Coefficients(axes_pool(tmp_path), "task"), random_sample(60)
    part = sample.part(sample.all())
    free, drawn = (
        learn_mean(space, part, np.zeros(3), how(steps=100, penalty=penalty), stage_of(tmp_path / str(penalty)))
        for penalty in (0.0, 0.3)
    )
    assert np.abs(drawn).mean() < 0.7 * np.abs(free).mean()


def test_one_step_of_the_bound_is_that_of_autograd(tmp_path: Path) -> None:
    """The same objective with everything in one torch graph; Adam's first step is rate * sign(gradient)."""
    space, sample = Coefficients(axes_pool(tmp_path), "task"), random_sample(30)
    prior, begin = Prior(np.array([0.1, 0.0, 0.0]), 0.3), Posterior(np.array([0.5, -0.4, 0.2]), 0.2)
    mine = how(steps=1, rate=0.01, save_every=1)
    end = learn_bound(
        space, sample.part(sample.all(), 0.01), prior, begin, lambda r, c: quadratic(r, 30, c, 0.05), mine,
        stage_of(tmp_path / "c"),
    )  # fmt: skip
    from model_adapters.inference.seeds import derive_seed

    noise = np.random.default_rng(derive_seed(0, "perturbation", 0, purpose="certificates")).standard_normal(3)
    mean = torch.tensor(begin.mean, requires_grad=True)
    log = torch.tensor(math.log(begin.scale), dtype=torch.float64, requires_grad=True)
    scale = log.exp()
    w = mean + scale * torch.from_numpy(noise)
    objective = sample.objective
    losses = torch.nn.functional.softplus(-objective.y * (objective.x @ w)).clamp(max=math.log(100)) / math.log(100)  # type: ignore[attr-defined]
    distance = ((mean - torch.from_numpy(prior.mean)) ** 2).sum()
    kl = 3 * (torch.log(0.3 / scale) + scale**2 / (2 * 0.09) - 0.5) + distance / (2 * 0.09)
    b = (kl + math.log(2 * math.sqrt(30) / 0.05)) / 60
    bound = (torch.sqrt(losses.mean() + b) + torch.sqrt(b)) ** 2
    by_mean, by_log = torch.autograd.grad(bound, [mean, log])
    np.testing.assert_allclose(end.mean, begin.mean - 0.01 * np.sign(by_mean.numpy()), rtol=1e-6)
    assert math.log(end.scale) == pytest.approx(math.log(begin.scale) - 0.01 * math.copysign(1, float(by_log)))


@pytest.mark.parametrize("gradients", [True, False])
def test_minimising_the_bound_lowers_it(tmp_path: Path, gradients: bool) -> None:
    space, sample = Coefficients(axes_pool(tmp_path), "task"), random_sample(80)
    part = sample.part(sample.all(), 0.01 if gradients else None)
    prior, begin = Prior(np.zeros(3), 0.5), Posterior(np.array([-0.2, 0.4, 0.0]), 0.3)
    end = learn_bound(
        space, part, prior, begin, lambda r, c: quadratic(r, 80, c, 0.05), how(gradients=gradients, steps=60),
        stage_of(tmp_path / "c"),
    )  # fmt: skip

    def bound(posterior: Posterior) -> float:
        rng = np.random.default_rng(5)
        draws = posterior.mean + posterior.scale * rng.standard_normal((200, 3))
        risk = float(np.mean([sample.errors(space.model(alpha), sample.all()).mean() for alpha in draws]))
        return quadratic(risk, 80, prior.price(posterior).nats, 0.05).value

    assert bound(end) < bound(begin) - 0.1
