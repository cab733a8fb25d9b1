"""Occam bound through the binomial distribution itself: the tightest for right or wrong answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked, require
from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.rounding import outward

MOST_NATS = 600.0
"""Beyond it exp(-nats) comes near the smallest double, and Chernoff's bound takes over."""
INFLATION = 1e-11
"""Relative; more than the error of the inverse incomplete beta function (tests compare with exact fractions)."""


def exact_occam(errors: ArrayLike, n: ArrayLike, complexity: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """max {p: P(Binomial(n, p) <= errors) >= delta P(h)}, with probability 1 - delta for every h at once.

    Langford 2005, "Tutorial on practical prediction theory for classification", Occam's razor bound (Theorem 4.1) in
    its exact form. It is the Beta(errors + 1, n - errors) quantile at 1 - delta P(h), and never above
    `chernoff_occam`. Deterministic predictors, zero-one loss.

    Args:
        errors: whole number of wrong answers of the chosen hypothesis. n: cases. complexity: ln(1/P(h)), or ln M, in
            nats. delta: failure probability.

    Raises:
        ValueError: errors that are no whole number between 0 and n; else as for `chernoff_occam`.
    """
    from scipy.special import betainccinv

    wrong, cases = np.broadcast_arrays(np.asarray(errors, np.float64), np.asarray(n, np.float64))
    require("errors", wrong, (wrong == np.floor(wrong)) & (wrong >= 0) & (wrong <= cases), "a whole number, at most n")
    require("n", cases, cases == np.floor(cases), "a whole number")
    _, _, nats = checked(wrong / np.maximum(cases, 1), cases, complexity, delta)
    chernoff = chernoff_occam(wrong / np.maximum(cases, 1), cases, complexity, delta)
    wrong, cases = np.broadcast_to(wrong, nats.shape), np.broadcast_to(cases, nats.shape)
    usable = (wrong < cases) & (nats <= MOST_NATS)
    bound = np.array(chernoff, np.float64)
    tail = np.exp(-nats[usable])
    quantile = betainccinv(wrong[usable] + 1, cases[usable] - wrong[usable], tail * (1 - INFLATION))
    # fmin: the quantile function gives up (NaN) on some tails below 10^-250.
    bound[usable] = np.fmin(outward(quantile), bound[usable])
    return bound
