"""Monte-Carlo correction: closed form, the papers' form, and its failures by exact summation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from leaderboards.statistics.certificates.binary_kl import binary_kl
from leaderboards.statistics.certificates.gibbs_risk import gibbs_risk


def test_closed_form_and_published_form() -> None:
    assert float(gibbs_risk(0.0, 100, 0.01)) == pytest.approx(1 - 0.01**0.01, rel=1e-12)
    published = gibbs_risk(0.2, 1000, 0.01, tails=2)
    assert float(binary_kl(0.2, published)) == pytest.approx(math.log(200) / 1000, rel=1e-10)
    assert 0.2 < gibbs_risk(0.2, 1000, 0.01) < published
    union = gibbs_risk(0.2, 1000, 0.01, complexity=math.log(2))
    assert float(union) == pytest.approx(float(published), rel=1e-12)


def test_it_is_below_the_gibbs_risk_with_probability_delta_at_most() -> None:
    """Hypotheses that err everywhere or nowhere are the worst case: the mean of m draws is binomial."""
    hits = np.arange(51)
    bounds = gibbs_risk(hits / 50, 50, 0.05)
    for risk in (0.02, 0.1, 0.5, 0.9):
        chance = binom.pmf(hits, 50, risk)
        assert chance[bounds < risk].sum() <= 0.05
        assert chance[hits / 50 < risk].sum() > 0.05  # the mean of the draws alone would not do


def test_it_vanishes_with_draws() -> None:
    assert float(gibbs_risk(0.1, 10**7, 0.01)) == pytest.approx(0.1, abs=3e-4)
