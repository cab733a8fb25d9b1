"""The lambda bound: by hand, at its best lambda, and never below PAC-Bayes-kl."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboards.statistics.certificates.bounds.lambda_form import best_lambda, lambda_form
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl
from leaderboards.statistics.certificates.bounds.quadratic import quadratic


def test_hand_calculation() -> None:
    # lambda = 1: 2 r + 2 (KL + ln(2 sqrt n / delta)) / n
    nats = 1.5 + math.log(2 * 10 / 0.05)
    assert float(lambda_form(0.1, 100, 1.5, 0.05, 1.0)) == pytest.approx(0.2 + 2 * nats / 100, rel=1e-13)


def test_the_best_lambda_gives_the_quadratic_bound() -> None:
    risk, n, kl = np.meshgrid([0.0, 0.05, 0.5, 1.0], [10, 1000], [0.0, 10.0])
    np.testing.assert_allclose(lambda_form(risk, n, kl, 0.05), quadratic(risk, n, kl, 0.05), rtol=1e-12)
    assert ((best_lambda(risk, n, kl, 0.05) > 0) & (best_lambda(risk, n, kl, 0.05) <= 1)).all()


def test_never_below_kl_at_any_lambda() -> None:
    lam = np.linspace(0.01, 1.99, 199)
    for risk in (0.0, 0.1, 0.6):
        assert (lambda_form(risk, 100, 2.0, 0.05, lam) >= pac_bayes_kl(risk, 100, 2.0, 0.05)).all()


@pytest.mark.parametrize("lam", [0.0, 2.0, -1.0, float("nan")])
def test_lambda_lies_between_0_and_2(lam: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 2"):
        lambda_form(0.1, 100, 1.0, 0.05, lam)
