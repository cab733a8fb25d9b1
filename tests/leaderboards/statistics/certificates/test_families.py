"""Every family computes its own bound from stored terms, and none is missing."""

from __future__ import annotations

import pytest

from leaderboards.statistics.certificates.bounds.anytime import anytime
from leaderboards.statistics.certificates.bounds.catoni import catoni
from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.held_out import held_out
from leaderboards.statistics.certificates.bounds.hoeffding_occam import hoeffding_occam
from leaderboards.statistics.certificates.bounds.lambda_form import lambda_form
from leaderboards.statistics.certificates.bounds.mcallester import mcallester
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl
from leaderboards.statistics.certificates.bounds.quadratic import quadratic
from leaderboards.statistics.certificates.families import FAMILIES, Terms

WANTED = {
    "hoeffding-occam": hoeffding_occam(0.05, 100, 3.0, 0.04),
    "chernoff-occam": chernoff_occam(0.05, 100, 3.0, 0.04),
    "exact-occam": exact_occam(5, 100, 3.0, 0.04),
    "pac-bayes-kl": pac_bayes_kl(0.05, 100, 3.0, 0.04),
    "mcallester": mcallester(0.05, 100, 3.0, 0.04),
    "quadratic": quadratic(0.05, 100, 3.0, 0.04),
    "lambda": lambda_form(0.05, 100, 3.0, 0.04),
    "catoni": catoni(0.05, 100, 3.0, 0.04),
    "held-out": exact_occam(5, 100, 3.0, 0.04),
    "anytime": anytime(5, 100, 3.0, 0.04),
}


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_a_family_is_its_bound(name: str) -> None:
    terms = Terms(n=100, loss_sum=5.0, risk=0.05, nats=3.0, delta=0.04)
    assert FAMILIES[name].bound(terms) == float(WANTED[name])


def test_parameters_and_looks_are_used() -> None:
    terms = Terms(100, 5.0, 0.05, 3.0, 0.04, parameters={"lam": 0.5})
    assert FAMILIES["lambda"].bound(terms) == float(lambda_form(0.05, 100, 3.0, 0.04, 0.5))
    terms = Terms(100, 5.0, 0.05, 3.0, 0.04, parameters={"grid": [0.7]})
    assert FAMILIES["catoni"].bound(terms) == float(catoni(0.05, 100, 3.0, 0.04))  # no C picked afterwards
    lucky = Terms(100, 5.0, 0.05, 0.0, 0.04, looks=((60, 0.0), (100, 5.0)))
    assert FAMILIES["anytime"].bound(lucky) == float(anytime(0, 60, 0.0, 0.04)) < float(anytime(5, 100, 0.0, 0.04))
    plain = Terms(100, 5.0, 0.05, 0.0, 0.05)
    assert FAMILIES["held-out"].bound(plain) == float(held_out(5, 100, 0.05))


def test_gibbs_families_ask_for_a_divergence_and_the_others_for_a_prior_or_nothing() -> None:
    for family in FAMILIES.values():
        assert (family.predictor == "gibbs") == (family.price == "KL") == (family.fixed == "prior")
        assert (family.price is None) == (family.fixed == "training")
