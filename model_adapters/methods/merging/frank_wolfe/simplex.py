"""Least objective over convex combinations of a few atoms, block by block: projected gradient on simplices.

    theta_b(lambda) = sum_j lambda_{b,j} atom_{b,j},   lambda_b >= 0, sum_j lambda_{b,j} = 1

An atom is itself a combination of vertices (the iterate is one), so all that is needed of a gradient are its inner
products with the vertices of the support.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_adapters.methods.merging.ledger import Ledger, Weights
from model_adapters.methods.merging.objective import Objective, gradient
from model_adapters.methods.merging.pool import Pool
from model_adapters.methods.merging.products import by_block, inner_products

Float = NDArray[np.float64]

HALVINGS = 30
DECREASE = 1e-4
"""Share of the decrease that the slope promises which a step must keep (Armijo)."""


@dataclass(frozen=True)
class Found:
    """The combination: its ledger and objective, how many steps were taken, and the rate to begin with next time."""

    ledger: Ledger
    loss: float
    steps: int
    rate: float


def project(point: Float) -> Float:
    """The nearest point of the simplex {x >= 0, sum x = 1} (sorting; Held, Wolfe and Crowder 1974)."""
    falling = np.sort(point)[::-1]
    excess = np.cumsum(falling) - 1.0
    count = np.arange(1, len(point) + 1)
    last = np.nonzero(falling - excess / count > 0)[0][-1]
    shifted: Float = np.maximum(point - excess[last] / count[last], 0.0)
    return shifted


def minimise(
    pool: Pool, objective: Objective, template: Ledger, atoms: Mapping[str, list[Weights]], start: Mapping[str, Float],
    steps: int, rate: float = 0.0,
) -> Found:  # fmt: skip
    """Projected gradient with backtracking: the objective never rises.

    Args:
        template: any ledger of the same blocks. atoms: block -> atoms. start: block -> lambda, on the simplex.
        steps: most of them; each costs one gradient of the network or, where a step is too long, more.
        rate: first step length; 0 for one that moves the largest lambda by 1.
    """

    def at(point: Mapping[str, Float]) -> tuple[Ledger, float, dict[str, Float]]:
        ledger = template.replaced({block: _mixed(atoms[block], point[block]) for block in atoms})
        loss, slope = gradient(objective, ledger.tensors(pool))
        needed = sorted({index for each in atoms.values() for atom in each for index in atom})
        products = by_block(inner_products(pool, slope, needed), ledger.blocks)
        return ledger, loss, {
            block: np.array([sum(w * products[block][i] for i, w in atom.items()) for atom in each])
            for block, each in atoms.items()
        }  # fmt: skip

    point = {block: np.asarray(each, dtype=np.float64) for block, each in start.items()}
    ledger, loss, slope = at(point)
    if rate <= 0.0:
        widest = max(float(np.ptp(each)) for each in slope.values())
        rate = 1.0 / widest if widest > 0.0 else 1.0
    taken = 0
    while taken < steps:
        for _ in range(HALVINGS):
            trial = {block: project(point[block] - rate * slope[block]) for block in point}
            promise = sum(float(slope[block] @ (trial[block] - point[block])) for block in point)
            if promise >= 0.0:
                return Found(ledger, loss, taken, rate)
            reached = at(trial)
            if reached[1] <= loss + DECREASE * promise:
                break
            rate /= 2.0
        else:
            return Found(ledger, loss, taken, rate)
        point, (ledger, loss, slope) = trial, reached
        rate *= 2.0
        taken += 1
    return Found(ledger, loss, taken, rate)


def _mixed(atoms: list[Weights], point: Float) -> Weights:
    total: Weights = {}
    for atom, share in zip(atoms, point.tolist(), strict=True):
        for index, weight in atom.items():
            total[index] = total.get(index, 0.0) + share * weight
    return total
