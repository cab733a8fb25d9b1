"""Empirical Gibbs risk from a few draws of the posterior, raised to an upper bound before any other bound uses it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked
from leaderboards.statistics.certificates.binary_kl import kl_inverse
from leaderboards.statistics.certificates.rounding import outward


def gibbs_risk(
    mean_risk: ArrayLike, draws: ArrayLike, delta: ArrayLike, tails: int = 1, complexity: ArrayLike = 0.0
) -> NDArray[np.float64]:
    """kl_inverse(r_mc, ln(tails / delta) / m): with probability 1 - delta over the draws at least the Gibbs risk r(Q).

    Langford and Caruana 2001 ("(Not) bounding the true error"), as used by Perez-Ortiz et al. 2021. Chernoff's bound
    for m independent draws of a number in [0, 1], the risk of one hypothesis on the whole sample. Only the upper tail
    matters, so ln(1 / delta) suffices; the papers print ln(2 / delta), which is `tails` = 2.

    Args:
        mean_risk: mean over the draws of the hypothesis' empirical risk. draws: m, made by a seed of their own after
            Q was fixed. delta: failure probability, paid on top of the bound's own. tails: 1 or 2. complexity: nats of
            a union over the posteriors that were drawn from before this one was chosen.

    Raises:
        ValueError: see leaderboards.statistics.certificates.arguments.checked.
    """
    r, m, nats = checked(mean_risk, draws, complexity, delta)
    return np.minimum(outward(kl_inverse(r, outward((nats + np.log(tails)) / m))), 1.0)
