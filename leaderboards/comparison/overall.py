"""One ranking over several metrics, how stable it is, and who is on the Pareto front."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaderboards.comparison.compare import MetricComparison
from leaderboards.statistics.pareto import pareto_front
from leaderboards.statistics.ranks import Stability, borda, bradley_terry, mean_rank, stability, wins_of

REPLICATES = 2000
SEED = 0


@dataclass(frozen=True)
class Overall:
    """Attributes, all by contender in the order of `names`, best mean rank first:

    metrics: that entered, those that every contender has. mean_rank: lower is better. borda: 0 to 1. strength:
    Bradley-Terry, log odds. stability: of the order by mean rank. without: metric left out -> the order then.
    pareto: not beaten on every axis at once; the axes are these metrics.
    """

    names: tuple[str, ...]
    metrics: tuple[str, ...]
    mean_rank: tuple[float, ...]
    borda: tuple[float, ...]
    strength: tuple[float, ...]
    stability: Stability
    without: dict[str, tuple[str, ...]]
    pareto: tuple[bool, ...]


def overall(comparisons: Sequence[MetricComparison]) -> Overall | None:
    """Aggregate metrics that all contenders have; None without any.

    Where no metric has all of them, the most contenders that share one stand for all, and of several such sets the one
    that shares most metrics.

    Stability: every value is moved by a normal draw of its own standard error (from its interval where it has only
    that; 0 where it has neither), independently of the others. Contenders share their cases, so their errors move
    together and true stability is higher; metrics share images, so it is lower: read it as an order of magnitude.
    """
    sets = Counter(frozenset(each.results) for each in comparisons)
    widest = max(sets, key=lambda names: (len(names), sets[names]), default=frozenset())
    if len(widest) < 2:
        return None
    shared = [each for each in comparisons if each.results.keys() == widest]
    names = sorted(widest)
    scores = np.array([[each.goodness(name) for each in shared] for name in names])
    order = np.argsort(mean_rank(scores), kind="stable")
    names, scores = [names[row] for row in order], scores[order]
    errors = np.array([[_error(each, name) for each in shared] for name in names])
    rng = np.random.default_rng(SEED)
    moved = np.stack([-mean_rank(scores + errors * rng.normal(size=scores.shape)) for _ in range(REPLICATES)])
    without = {}
    for column, each in enumerate(shared):
        rest = np.delete(scores, column, axis=1)
        if rest.shape[1]:
            without[each.metric] = tuple(names[row] for row in np.argsort(mean_rank(rest), kind="stable"))
    return Overall(
        names=tuple(names),
        metrics=tuple(each.metric for each in shared),
        mean_rank=tuple(float(value) for value in mean_rank(scores)),
        borda=tuple(float(value) for value in borda(scores)),
        strength=tuple(float(value) for value in bradley_terry(wins_of(scores))),
        stability=stability(-mean_rank(scores), moved),
        without=without,
        pareto=tuple(bool(on) for on in pareto_front(scores)),
    )


def _error(comparison: MetricComparison, name: str) -> float:
    result = comparison.results[name]
    if result.se is not None:
        return result.se
    if result.low is not None and result.high is not None:
        return (result.high - result.low) / (2 * 1.959964)
    return 0.0
