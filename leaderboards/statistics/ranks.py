"""One ranking from several metrics or tasks: mean rank, Borda count, Bradley-Terry; and how stable it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

ITERATIONS = 10_000
TOLERANCE = 1e-12


class Stability(NamedTuple):
    """How a ranking moves under resampling.

    Attributes:
        probability: float64[models, models], chance that model i has rank j + 1.
        low, high: int64[models], the central 95 % of each model's ranks.
        kendall_tau: mean Kendall tau-b between the ranking and a resampled one; 1 is never moved.
    """

    probability: Float
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    kendall_tau: float


def ranks(scores: Float) -> Float:
    """Ranks of each column from 1 (best, the highest score); ties share their mean rank.

    Args:
        scores: float64[models, metrics], higher is better.

    Raises:
        ValueError: not a table of finite numbers.
    """
    table = np.asarray(scores, np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError("ranks need a table of finite scores, models by metrics")
    above = (table[None, :, :] > table[:, None, :]).sum(axis=1)
    equal = (table[None, :, :] == table[:, None, :]).sum(axis=1)
    return 1.0 + above + (equal - 1) / 2.0


def mean_rank(scores: Float) -> Float:
    """Mean over metrics of the rank, float64[models]; lower is better."""
    return ranks(scores).mean(axis=1)


def borda(scores: Float) -> Float:
    """Borda count: share of (other model, metric) that a model beats, ties counting half; float64[models], 0 to 1."""
    models = len(scores)
    if models < 2:
        raise ValueError("a Borda count needs two models")
    return (models - ranks(scores)).mean(axis=1) / (models - 1)


def bradley_terry(wins: Float, prior: float = 0.1) -> Float:
    """Log strengths of the Bradley-Terry model, by the MM algorithm (Hunter 2004), centred at mean 0.

    Args:
        wins: float64[models, models], how often row beat column; ties count half for both. The diagonal is not read.
        prior: so many wins are added for each side of every pair, so that a model that won or lost everything has a
            finite strength.

    Raises:
        ValueError: not a square table of non-negative numbers.
    """
    table = np.asarray(wins, np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not (table >= 0).all():
        raise ValueError("wins are a square table of non-negative numbers")
    table = table + prior
    np.fill_diagonal(table, 0.0)
    games, won = table + table.T, table.sum(axis=1)
    strength = np.ones(len(table))
    for _ in range(ITERATIONS):
        fresh = won / (games / (strength[:, None] + strength[None, :])).sum(axis=1)
        fresh /= np.exp(np.log(fresh).mean())
        if np.abs(np.log(fresh / strength)).max() < TOLERANCE:
            break
        strength = fresh
    return np.log(fresh)


def wins_of(scores: Float) -> Float:
    """float64[models, models]: on how many metrics (columns of `scores`) row beats column, ties half."""
    table = np.asarray(scores, np.float64)
    return (table[:, None, :] > table[None, :, :]).sum(axis=2) + 0.5 * (table[:, None, :] == table[None, :, :]).sum(
        axis=2
    )


def stability(score: Float, resampled: Float) -> Stability:
    """Rank probabilities from resampled scores.

    Args:
        score: float64[models], the score that ranks (higher is better).
        resampled: float64[replicates, models], the same score of resampled cases, all models on the same resample.

    Raises:
        ValueError: shapes that do not fit.
    """
    if resampled.ndim != 2 or resampled.shape[1] != len(score):
        raise ValueError(f"resampled scores have shape {resampled.shape}, not (replicates, {len(score)})")
    models = len(score)
    # Ties are broken by the original order, so that each replicate is a permutation.
    order = np.argsort(-score, kind="stable")
    place = np.empty_like(resampled, dtype=np.int64)
    for row, scores in enumerate(resampled):
        sequence = order[np.argsort(-scores[order], kind="stable")]
        place[row, sequence] = np.arange(models)
    probability = np.stack([(place == rank).mean(axis=0) for rank in range(models)], axis=1)
    low, high = np.quantile(place, [0.025, 0.975], axis=0, method="closest_observation").astype(np.int64) + 1
    return Stability(probability, low, high, float(np.mean([kendall_tau(score, scores) for scores in resampled])))


def kendall_tau(one: Float, other: Float) -> float:
    """Kendall's tau-b of two scorings (1: same order, -1: reversed); 1 for a single model.

    Ties are taken as in scipy.stats.kendalltau; where one side is all ties it is 0.
    """
    if len(one) < 2:
        return 1.0
    rows, columns = np.triu_indices(len(one), 1)
    left, right = np.sign(one[rows] - one[columns]), np.sign(other[rows] - other[columns])
    norm = float(np.sqrt((left != 0).sum() * (right != 0).sum()))
    return float((left * right).sum()) / norm if norm else 0.0
