"""Gaussian divergences: by hand, by quadrature, from stored numbers, and on the grid of prior scales."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from leaderboards.statistics.certificates.codes.gaussian import gaussian_kl, isotropic_kl, prior_scale


def test_equal_scales_by_hand() -> None:
    assert gaussian_kl([1.0, -2.0], 0.5, 0.0, 0.5) == pytest.approx(5 / (2 * 0.25))
    assert gaussian_kl([1.0, -2.0], 0.5, [1.0, -2.0], 0.5) == 0


def test_against_quadrature() -> None:
    q, p = norm(0.3, 0.2), norm(-0.1, 0.5)
    integral = quad(lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), -3, 3)[0]
    assert gaussian_kl(0.3, 0.2, -0.1, 0.5) == pytest.approx(integral, rel=1e-8)
    assert gaussian_kl([0.3, 1.0], [0.2, 0.7], [-0.1, 1.0], [0.5, 0.7]) == pytest.approx(integral, rel=1e-8)


def test_stored_numbers_suffice() -> None:
    rng = np.random.default_rng(1)
    mean, prior = rng.normal(size=(2, 7))
    distance = float(((mean - prior) ** 2).sum())
    assert isotropic_kl(7, distance, 0.1, 0.3) == pytest.approx(gaussian_kl(mean, 0.1, prior, 0.3), rel=1e-12)


def test_nearly_equal_scales_keep_their_digits() -> None:
    # (sq/sp)^2 = 1 + e: KL is e^2 / 4 to first order.
    assert gaussian_kl(0.0, math.sqrt(1 + 1e-5), 0.0, 1.0) == pytest.approx(2.5e-11, rel=1e-3)


def test_grid_of_prior_scales() -> None:
    assert prior_scale(10, largest=4.0, precision=10.0) == pytest.approx(2 * math.exp(-0.5))
    with pytest.raises(ValueError, match="below 1"):
        prior_scale(0)


def test_nonsense_is_refused() -> None:
    for arguments in ((0.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, -1.0), (math.nan, 1.0, 0.0, 1.0)):
        with pytest.raises(ValueError, match="must be finite"):
            gaussian_kl(*arguments)
    with pytest.raises(ValueError, match="dimensions"):
        isotropic_kl(0, 1.0, 1.0, 1.0)
