"""Search without gradients: a (1+1) evolution strategy with the one-fifth rule, resumable to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.merging.objective import require_finite

Point = NDArray[np.float64]

UP, DOWN = 1.5, 1.5**-0.25
"""Success widens the draws, failure narrows them: they stay as they are at one success in five."""

NEVER = 1e300
"""Stands for a loss that is not finite: the search turns away from it."""


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        evaluations: how often the function is asked. spread: standard deviation of the first draws.
        bound: largest magnitude of a coordinate, infinite for none. seed: the only source of randomness.
    """

    evaluations: int
    spread: float
    bound: float
    seed: int


def minimise(function: Callable[[Point], float], start: Point, search: Search, stage: Stage) -> tuple[Point, float]:
    """The best point found and its value; the start is asked first.

    Values are kept in the stage's state, so what was asked before a kill is not asked again.

    Raises:
        UserError: no value was finite.
    """
    values: list[float] = stage.state().get("values", [])
    best, found, spread = np.asarray(start, np.float64), float("inf"), search.spread
    for done in range(search.evaluations):
        trial = best
        if done:
            rng = np.random.default_rng(derive_seed(search.seed, "evolution", done, purpose="certificates"))
            trial = np.clip(best + spread * rng.standard_normal(best.shape), -search.bound, search.bound)
        if done == len(values):
            value = function(trial)
            values.append(value if abs(value) < NEVER else NEVER)
            stage.keep({"values": values}, done + 1)
        better = values[done] <= found
        if better:
            best, found = trial, values[done]
        if done:
            spread *= UP if better else DOWN
    require_finite(found if found < NEVER else float("inf"), "The objective")
    return best, found
