"""The penalty is the negative log density it claims to be, and its minimum is where the closed form says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_federations import random_adapters, small_model
from scipy import stats
from scipy.optimize import minimize_scalar

from model_adapters.methods.fedp2eft.prior import RATE, equilibrium, penalty


def test_penalty_is_laplace_and_gamma_up_to_what_lambda_does_not_move() -> None:
    _, adapters = small_model()
    random_adapters(adapters)
    found = float(penalty(adapters, 7, 1.0, 1.0)) * 7
    expected = 0.0
    for module in adapters.modules.values():
        up, scales = module.up.detach().numpy(), module.scales.detach().numpy()
        rows = len(up)
        for k, scale in enumerate(scales):
            laplace = -stats.laplace(scale=scale).logpdf(up[:, k]).sum() - rows * np.log(2 * scale)
            gamma = -stats.gamma(0.01, scale=1 / RATE).logpdf(scale)
            constant = -stats.gamma(0.01, scale=1 / RATE).logpdf(1.0) - RATE
            # of log lambda the released code keeps factor 1: Laplace's own (one a column) with Gamma's 0.99 is 1.99
            expected += laplace + (gamma - constant) + np.log(scale) * (1 - 0.99)
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("column", "sparsity", "normaliser"), [(0.5, 100.0, 0.01), (2.0, 0.1, 0.01), (0.01, 1.0, 1.0)])
def test_equilibrium(column: float, sparsity: float, normaliser: float) -> None:
    def energy(logarithm: float) -> float:
        scale = np.exp(logarithm)
        return float(sparsity * column / scale + normaliser * (np.log(scale) + RATE * scale))

    best = minimize_scalar(energy, bounds=(-12, 8), method="bounded", options={"xatol": 1e-10})
    assert equilibrium(column, sparsity, normaliser) == pytest.approx(np.exp(best.x), rel=1e-4)


def test_published_weights_make_lambda_a_gain() -> None:
    assert equilibrium(1.0, 100.0, 0.01) == pytest.approx(10.0, rel=1e-3)


def test_gradient_reaches_weights_and_scales() -> None:
    _, adapters = small_model()
    random_adapters(adapters)
    penalty(adapters, 3, 1.0, 1.0).backward()
    module = adapters.modules["0"]
    assert torch.allclose(module.up.grad, module.up.detach().sign() / module.scales.detach() / 3)  # type: ignore[arg-type]
