"""Do certificates hold as often as they say? Worlds whose true risk is known, failures counted; controls must fail.

The slow half simulates; the default half sums the same probabilities exactly (references [V3], controls i to iii).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom

from leaderboards.statistics.certificates.bounds.anytime import anytime
from leaderboards.statistics.certificates.bounds.catoni import catoni
from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.held_out import held_out
from leaderboards.statistics.certificates.bounds.hoeffding_occam import hoeffding_occam
from leaderboards.statistics.certificates.bounds.mcallester import mcallester
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl
from leaderboards.statistics.certificates.bounds.quadratic import quadratic
from leaderboards.statistics.certificates.gibbs_risk import gibbs_risk
from leaderboards.statistics.certificates.violations import violation_limit

N, DELTA, RISK = 100, 0.05, 0.2


def failure_of_the_best(candidates: int, nats: float) -> float:
    """P(bound of the least of `candidates` independent Binomial(N, RISK) counts < RISK), exactly."""
    errors = np.arange(N + 1)
    bad = errors[exact_occam(errors, N, nats, DELTA) < RISK]
    if not len(bad):
        return 0.0
    return float(-np.expm1(candidates * np.log1p(-binom.cdf(bad[-1], N, RISK))))


@pytest.mark.parametrize(("candidates", "pilot"), [(10, 0.028), (481, 0.039), (20_000, 0.014)])
def test_adversarial_candidates_that_pay_fail_as_rarely_as_they_say(candidates: int, pilot: float) -> None:
    """[V3](ii): equal risks, the luckiest chosen: the worst case of a union. The pilot simulated 2.8/3.9/1.4 %."""
    failure = failure_of_the_best(candidates, np.log(candidates))
    assert failure <= DELTA and failure == pytest.approx(pilot, abs=0.012)


@pytest.mark.parametrize(("candidates", "pilot"), [(10, 0.39), (481, 1.0)])
def test_negative_control_without_the_union_fails(candidates: int, pilot: float) -> None:
    """[V3](iii): the pilot simulated 39 % and 100 %."""
    assert failure_of_the_best(candidates, 0.0) == pytest.approx(pilot, abs=0.02)


def best_of(rng: np.random.Generator, trials: int, candidates: int) -> np.ndarray:
    """Errors of the luckiest of `candidates` in each trial, by inverting the distribution of a minimum."""
    quantile = -np.expm1(np.log1p(-rng.random(trials)) / candidates)
    return binom.ppf(quantile, N, RISK)


@pytest.mark.slow
@pytest.mark.parametrize("candidates", [1, 10, 481, 20_000])
@pytest.mark.parametrize("bound", [hoeffding_occam, chernoff_occam, exact_occam])
def test_simulated_failures_are_within_the_limit(candidates: int, bound: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng([31, candidates])
    errors = best_of(rng, 20_000, candidates)
    seen = errors if bound is exact_occam else errors / N
    failures = int((bound(seen, N, np.log(candidates), DELTA) < RISK).sum())
    print(f"{bound.__name__}, best of {candidates}: {failures} of 20,000, limit {violation_limit(20_000, DELTA)}")
    assert failures <= violation_limit(20_000, DELTA)
    free = int((bound(seen, N, 0.0, DELTA) < RISK).sum())
    assert candidates < 481 or free > violation_limit(20_000, DELTA)


def pool(rng: np.random.Generator, candidates: int) -> np.ndarray:
    """Wrong (1) or right (0) of related candidates on a population of 797 cases: as merges of one pool are."""
    hard = rng.normal(size=797)
    skill = rng.normal(0.5, 0.2, size=(candidates, 1))
    own = rng.normal(size=(candidates, 797))
    return (0.8 * hard + 0.6 * own > skill).astype(np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("n", [25, 100, 400])
def test_on_a_pool_of_related_candidates_nothing_fails_too_often(n: int) -> None:
    """[V3] without its images: the population is finite and drawn with replacement, so that true risks are exact."""
    rng = np.random.default_rng([32, n])
    wrong, trials, half = pool(rng, 481), 2000, n // 2
    true = wrong.mean(axis=1)
    left = n - half
    occam = exact_occam(np.arange(n + 1), n, np.log(481), DELTA)
    tested, unpaid = (held_out(np.arange(size + 1), size, DELTA) for size in (left, n))
    looks, sums = np.meshgrid(np.arange(1, left + 1), np.arange(left + 1), indexing="ij")
    always = anytime(np.minimum(sums, looks), looks, 0.0, DELTA)
    failures = dict.fromkeys(("occam", "unpaid", "held-out", "anytime"), 0)
    for _ in range(trials):
        seen = wrong[:, rng.integers(0, 797, n)]
        errors = seen.sum(axis=1).astype(int)
        best = int(errors.argmin())
        failures["occam"] += occam[errors[best]] < true[best]
        failures["unpaid"] += unpaid[errors[best]] < true[best]
        chosen = int(seen[:, :half].sum(axis=1).argmin())
        course = np.cumsum(seen[chosen, half:]).astype(int)
        failures["held-out"] += tested[course[-1]] < true[chosen]
        failures["anytime"] += always[np.arange(left), course].min() < true[chosen]
    limit, failures = violation_limit(trials, DELTA), {name: int(count) for name, count in failures.items()}
    print(f"n = {n}: {failures} of {trials}, limit {limit}")
    assert max(failures["occam"], failures["held-out"], failures["anytime"]) <= limit
    assert failures["unpaid"] > limit


@pytest.mark.slow
def test_gibbs_bounds_hold_with_draws_of_the_posterior() -> None:
    """A finite posterior exp(-errors / 2) over 481 candidates; its KL to the uniform prior and its risk are exact.

    The control is the empirical Gibbs risk itself, which is below the true one far too often.
    """
    rng = np.random.default_rng(33)
    wrong, trials, draws, n = pool(rng, 481), 2000, 300, 100
    true = wrong.mean(axis=1)
    kl, drawn, empirical, actual = np.zeros((4, trials))
    for trial in range(trials):
        errors = wrong[:, rng.integers(0, 797, n)].sum(axis=1)
        weights = np.exp(-0.5 * (errors - errors.min()))
        weights /= weights.sum()
        kl[trial] = max((weights * np.log(np.maximum(weights, 1e-300) * 481)).sum(), 0.0)
        drawn[trial] = errors[rng.choice(481, draws, p=weights)].mean() / n
        empirical[trial], actual[trial] = weights @ errors / n, weights @ true
    limit = violation_limit(trials, DELTA)
    risk = gibbs_risk(drawn, draws, 0.01)
    for bound in (pac_bayes_kl, mcallester, quadratic, catoni):
        failures = int((bound(risk, n, kl, DELTA - 0.01) < actual).sum())
        print(f"{bound.__name__}: {failures} of {trials}, limit {limit}")
        assert failures <= limit
    assert int((empirical < actual).sum()) > limit


@pytest.mark.slow
@pytest.mark.parametrize("risk", [0.02, 0.2, 0.6])
def test_anytime_holds_over_thousands_of_cases(risk: float) -> None:
    rng = np.random.default_rng([35, int(1000 * risk)])
    steps = np.unique(np.geomspace(1, 5000, 40).astype(int))
    sums = np.cumsum(rng.random((1000, 5000)) < risk, axis=1)[:, steps - 1]
    held = anytime(sums, steps, 0.0, DELTA).min(axis=1)
    fixed = held_out(sums, np.broadcast_to(steps, sums.shape), DELTA).min(axis=1)
    limit = violation_limit(1000, DELTA)
    ours, naive = int((held < risk).sum()), int((fixed < risk).sum())
    print(f"risk {risk}: anytime {ours}, test-set bound looked at {len(steps)} times {naive} of 1000, limit {limit}")
    assert ours <= limit < naive
