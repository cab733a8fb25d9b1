import numpy as np
import pytest
from signs import named, random_sample

from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl
from leaderboards.statistics.certificates.claim import Commitment, Refused, Source
from leaderboards.statistics.certificates.codes.gaussian import isotropic_kl
from leaderboards.statistics.certificates.gibbs_risk import gibbs_risk
from leaderboards.statistics.certificates.verify import verify
from model_adapters.methods.certificates.issue import NOTHING, finite_family, gibbs, occam
from model_adapters.methods.certificates.issue import test_set_bound as held_out_bound
from model_adapters.methods.certificates.posterior import Posterior, Prior

SAMPLE = random_sample(40)
POOL = Source("pool", "experts", named(5, "train"))
FIXED = Source("hypotheses", "levels", NOTHING)
PROMISE = Commitment("a" * 64, "a" * 64)


def losses(wrong: int, n: int = 40) -> np.ndarray:
    return (np.arange(n) < wrong).astype(float)


def test_a_finite_set_by_hand() -> None:
    found = occam("merge", SAMPLE, losses(3), "uniform", {"hypotheses": 481}, 481, (), (FIXED, POOL), PROMISE, 0.05)
    assert found.value == pytest.approx(float(exact_occam(3, 40, np.log(481), 0.05))) and not verify(found)
    assert finite_family("bounded") == "chernoff-occam"


def test_an_exchanged_set_or_a_pool_that_saw_the_sample_is_refused() -> None:
    arguments = ("merge", SAMPLE, losses(3), "uniform", {"hypotheses": 9}, 9, ())
    with pytest.raises(Refused) as refused:
        occam(*arguments, (FIXED, POOL), Commitment("a" * 64, "b" * 64), 0.05)
    assert refused.value.rule == "fixed_before"
    seen = Source("pool", "experts", SAMPLE.named(np.array([3])))
    with pytest.raises(Refused) as refused:
        occam(*arguments, (FIXED, seen), PROMISE, 0.05)
    assert refused.value.rule == "disjoint"


def test_draws_of_a_posterior_by_hand() -> None:
    """delta .05: .01 for 50 draws, .04 for the bound; of two that hold together half of that is left in all."""
    drawn = np.tile(losses(2), (50, 1))
    posterior = Posterior(np.array([0.3, 0.0]), 0.2)
    price = Prior(np.zeros(2), 0.1).price(posterior)
    prior = Source("prior", "zero", NOTHING)
    rows = SAMPLE.all()
    found = gibbs("q", "pac-bayes-kl", SAMPLE, rows, drawn, posterior, price, 1, (prior, POOL), PROMISE, 0.05, 0.01)
    kl = isotropic_kl(2, 0.09, 0.2, 0.1)
    assert found.value == pytest.approx(float(pac_bayes_kl(gibbs_risk(0.05, 50, 0.01), 40, kl, 0.04)))
    assert found.predictor == "gibbs" and not verify(found)
    grid = Prior(np.zeros(2), 0.0).price(posterior)
    paid = gibbs("q", "pac-bayes-kl", SAMPLE, rows, drawn, posterior, grid, 1, (prior, POOL), PROMISE, 0.05, 0.01)
    assert [each.index for each in paid.choices] == [grid.index] and not verify(paid)
    with pytest.raises(Refused, match="cost a part of delta"):
        gibbs("q", "pac-bayes-kl", SAMPLE, rows, drawn, posterior, price, 1, (prior, POOL), PROMISE, 0.05, 0.04, 2)


def test_the_test_set_bound_is_of_the_other_half() -> None:
    first, second = SAMPLE.halves()
    found = held_out_bound("half", SAMPLE, first, second, losses(1, 20), (POOL,), PROMISE, 0.05)
    assert found.family == "held-out" and found.n == 20
    assert found.value == pytest.approx(float(exact_occam(1, 20, 0.0, 0.05)))
    with pytest.raises(Refused) as refused:
        held_out_bound("half", SAMPLE, SAMPLE.all(), second, losses(1, 20), (POOL,), PROMISE, 0.05)
    assert refused.value.rule == "disjoint"
