"""What a certificate's stored numbers lead to, put together by hand."""

from __future__ import annotations

import math

import pytest
from made_claims import fixed, gibbs, occam

from leaderboards.statistics.certificates.bound_of import bound_of, risk_of
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.held_out import held_out
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl
from leaderboards.statistics.certificates.certificate import MonteCarlo
from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.claim import Choice
from leaderboards.statistics.certificates.gibbs_risk import gibbs_risk


def test_choices_are_added_and_simultaneous_certificates_share_delta() -> None:
    certificate = certify(occam(choices=(Choice("threshold", options=7), Choice("scale", index=2)), simultaneous=4))
    nats = math.log(481) + math.log(7) + 2 * math.log(2) + math.log(math.pi**2 / 6)
    assert bound_of(certificate) == pytest.approx(float(exact_occam(5, 100, nats, 0.05 / 4)), rel=1e-12)
    paid = certify(fixed(looked_at=7, choices=(Choice("threshold", options=7),)))
    assert bound_of(paid) == pytest.approx(float(held_out(5, 100, 0.05 / 7)), rel=1e-10)


def test_draws_cost_their_part_of_delta_and_raise_the_risk() -> None:
    certificate = certify(gibbs())
    assert risk_of(certificate) == pytest.approx(0.05, abs=1e-12)
    raised = gibbs_risk(0.05, 200, 0.01)
    assert bound_of(certificate) == pytest.approx(float(pac_bayes_kl(raised, 100, 2.0, 0.04)), rel=1e-9)
    chosen = certify(gibbs(choices=(Choice("scale", options=5),)))
    raised = gibbs_risk(0.05, 200, 0.01 / 5)
    assert bound_of(chosen) == pytest.approx(float(pac_bayes_kl(raised, 100, 2.0, 0.04 / 5)), rel=1e-9)


def test_never_above_one_and_no_delta_left_is_refused() -> None:
    assert bound_of(certify(occam(wrong=100))) == 1.0
    broken = certify(gibbs()).model_copy(update={"monte_carlo": MonteCarlo(draws=200, delta=0.06)})
    with pytest.raises(ValueError, match="all of delta"):
        bound_of(broken)
