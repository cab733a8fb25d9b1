"""Catoni's bound: no ln sqrt(n), but a parameter that must be fixed or paid for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked, require
from leaderboards.statistics.certificates.rounding import outward

GRID = tuple(float(each) for each in np.geomspace(0.1, 10.0, 20))
"""Inverse temperatures that serve risks of 0 to .4 and some 10 to 10,000 cases. Part of what a certificate of this
family means: a change is a new family."""


def catoni(
    risk: ArrayLike, n: ArrayLike, kl: ArrayLike, delta: ArrayLike, grid: Sequence[float] = GRID
) -> NDArray[np.float64]:
    """min over C in the grid of (1 - exp(-C r - (KL + ln(G / delta)) / n)) / (1 - exp(-C)), G points in the grid.

    Catoni 2007, Theorem 1.2.6, in the form of Germain et al. 2009, Corollary 2.2, and a union over the grid: with
    probability 1 - delta for all Q and all C of the grid. A single C that was fixed beforehand is a grid of one.
    Gibbs predictors, any loss in [0, 1]. Not clipped at 1.

    Args: as for `pac_bayes_kl`; grid: positive numbers, fixed before the cases are seen.

    Raises:
        ValueError: an empty grid or a C that is not positive; else as for `pac_bayes_kl`.
    """
    r, m, nats = checked(risk, n, kl, delta)
    points = np.asarray(list(grid), np.float64)
    if not len(points):
        raise ValueError("the grid of C is empty")
    require("C", points, (points > 0) & np.isfinite(points), "positive")
    exponent = points * r[..., None] + ((nats + np.log(len(points))) / m)[..., None]
    return outward((np.expm1(-exponent) / np.expm1(-points)).min(axis=-1))
