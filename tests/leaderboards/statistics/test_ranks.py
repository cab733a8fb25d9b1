"""Rankings against scipy, closed forms and invariances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, rankdata

from leaderboards.statistics import ranks


def test_ranks_are_those_of_scipy_with_ties() -> None:
    scores = np.array([[3.0, 1.0], [1.0, 1.0], [3.0, 5.0], [0.0, 1.0]])
    assert np.allclose(ranks.ranks(scores), rankdata(-scores, axis=0))
    assert np.allclose(ranks.mean_rank(scores), rankdata(-scores, axis=0).mean(axis=1))


def test_borda_is_the_share_of_duels_won() -> None:
    scores = np.random.default_rng(0).integers(0, 4, size=(5, 6)).astype(float)
    wins = ranks.wins_of(scores)
    share = (wins - np.diag(np.diag(wins))).sum(axis=1) / (6 * 4)
    assert np.allclose(ranks.borda(scores), share)
    with pytest.raises(ValueError):
        ranks.borda(scores[:1])


def test_two_models_have_the_log_odds_of_their_wins() -> None:
    found = ranks.bradley_terry(np.array([[0.0, 30.0], [10.0, 0.0]]), prior=0.0)
    assert found[0] - found[1] == pytest.approx(np.log(3.0)) and found.sum() == pytest.approx(0.0)


def test_bradley_terry_finds_planted_strengths_and_survives_a_clean_sweep() -> None:
    rng = np.random.default_rng(1)
    truth = np.array([1.0, 0.3, 0.0, -1.3])
    chance = 1 / (1 + np.exp(truth[None, :] - truth[:, None]))
    games = 4000
    wins = np.triu(rng.binomial(games, chance), 1).astype(float)
    wins += np.tril(games - wins.T, -1)
    assert np.allclose(ranks.bradley_terry(wins), truth - truth.mean(), atol=0.08)
    assert np.isfinite(ranks.bradley_terry(np.array([[0.0, 9.0], [0.0, 0.0]]))).all()


def test_the_maximum_of_the_likelihood_is_reached() -> None:
    wins = np.array([[0, 7, 3], [2, 0, 6], [5, 4, 0]], float)
    found = ranks.bradley_terry(wins, prior=0.0)

    def likelihood(strength: np.ndarray) -> float:
        gap = strength[:, None] - strength[None, :]
        return float((wins * -np.log1p(np.exp(-gap))).sum())

    best = likelihood(found)
    for direction in np.eye(3):
        assert likelihood(found + 1e-3 * direction) < best and likelihood(found - 1e-3 * direction) < best


def test_bradley_terry_is_the_logistic_regression_of_statsmodels() -> None:
    """One row a game, +1 for the model that is named first and -1 for the other; the last model is held at 0."""
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    wins = np.random.default_rng(4).integers(1, 12, size=(5, 5)).astype(float)
    np.fill_diagonal(wins, 0.0)
    rows = [(i, j) for i in range(5) for j in range(5) if i < j]
    design = np.array([[(k == i) - (k == j) for k in range(4)] for i, j in rows], float)
    games = np.array([[wins[i, j], wins[j, i]] for i, j in rows])
    reference = np.append(GLM(games, design, family=families.Binomial()).fit().params, 0.0)
    assert ranks.bradley_terry(wins, prior=0.0) == pytest.approx(reference - reference.mean(), abs=1e-6)


def test_kendall_tau_is_that_of_scipy() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        a, b = rng.integers(0, 4, size=(2, 7)).astype(float)
        assert ranks.kendall_tau(a, b) == pytest.approx(np.nan_to_num(kendalltau(a, b).statistic))


def test_a_clear_ranking_is_stable_and_a_tie_is_not() -> None:
    rng = np.random.default_rng(3)
    clear = np.array([3.0, 2.0, 1.0])
    found = ranks.stability(clear, clear + 0.01 * rng.normal(size=(500, 3)))
    assert np.allclose(found.probability, np.eye(3)) and found.kendall_tau == 1.0
    tied = np.array([1.0, 1.0 + 1e-9, -5.0])
    found = ranks.stability(tied, tied + rng.normal(size=(4000, 3)) * 0.1)
    assert np.allclose(found.probability[:2, :2], 0.5, atol=0.04) and found.probability[2, 2] == 1.0
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1, 3], [2, 2, 3])
    assert np.allclose(found.probability.sum(axis=0), 1) and np.allclose(found.probability.sum(axis=1), 1)


def test_tables_with_holes_are_refused() -> None:
    with pytest.raises(ValueError):
        ranks.ranks(np.array([[np.nan, 1.0]]))
    with pytest.raises(ValueError):
        ranks.stability(np.zeros(3), np.zeros((5, 2)))
    with pytest.raises(ValueError):
        ranks.bradley_terry(np.array([[0.0, -1.0], [0.0, 0.0]]))


def resampled_ranks(seed: int, by_patient: bool) -> np.ndarray:
    """Whether each of five models' rank intervals holds its true rank; cases of a patient favour a model together."""
    truth, rng = np.array([1.0, 0.8, 0.7, 0.3, 0.0]), np.random.default_rng(seed)
    cases = truth + 0.8 * rng.normal(size=(40, 1, 5)) + 0.8 * rng.normal(size=(40, 15, 5))
    units = cases.mean(axis=1) if by_patient else cases.reshape(-1, 5)
    drawn = rng.multinomial(len(units), np.full(len(units), 1 / len(units)), size=300) @ units / len(units)
    found = ranks.stability(cases.mean(axis=(0, 1)), drawn)
    true = np.arange(1, 6)
    return (found.low <= true) & (true <= found.high)


@pytest.mark.slow
def test_intervals_of_resampled_ranks_hold_the_true_ranks_and_not_where_patients_are_ignored() -> None:
    by_patient = np.mean([resampled_ranks(seed, True) for seed in range(200)], axis=0)
    by_image = np.mean([resampled_ranks(seed, False) for seed in range(200)], axis=0)
    assert by_patient.min() >= 0.93
    assert by_image.min() < 0.88, "the control that resamples images must fail"
