"""Anytime bound by betting: the errors may be looked at after every case, as often as one likes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked, require

BETS = 2.0 ** (-np.arange(25) / 2)
"""Shares of the most that may be staked, from everything to 1/4096: for risks of 0 to 1 and up to some 10^6 cases."""
STEPS = 60
"""Halvings of [0, 1]: the upper bracket is within 10^-18 of the root."""


def anytime(loss_sum: ArrayLike, n: ArrayLike, complexity: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """An upper bound after n cases such that, with probability 1 - delta, the bounds after *every* n all hold.

    Betting (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", with a fixed
    mixture of bets). Against the claim "the risk is at least m", 25 gamblers start with 1/25 each; the one with share
    c multiplies its money by 1 - c (x - m) / (1 - m) at every loss x. If the claim is true the total is a
    nonnegative supermartingale, so it ever reaches 1/delta with probability delta at most (Ville 1939); the bound is
    the least m whose total has reached it. The total rises with m, so that the claim is refuted for all larger m too.

    Losses between 0 and 1 are treated as if they were coins with that mean: the logarithm is concave in x, so this
    understates the total and the bound stays valid, and the sum of losses suffices. For zero-one losses it is exact.

    Args:
        loss_sum: sum of the losses of the first n cases. n: cases so far. complexity: nats of a union over choices
            (ln(1/P(h))); 0 for one fixed predictor. delta: failure probability of the whole sequence.

    Raises:
        ValueError: a sum outside [0, n]; else see leaderboards.statistics.certificates.arguments.checked.
    """
    total, cases = np.broadcast_arrays(np.asarray(loss_sum, np.float64), np.asarray(n, np.float64))
    require("loss_sum", total, (total >= 0) & (total <= cases), "between 0 and n")
    _, m, nats = checked(total / np.maximum(cases, 1), cases, complexity, delta)
    total = np.broadcast_to(total, nats.shape)
    low, high = np.zeros(nats.shape), np.ones(nats.shape)
    for _ in range(STEPS):
        middle = (low + high) / 2
        # A nat of 10^-9 more than needed covers the rounding of the logarithms.
        refuted = log_capital(total, m, middle) >= nats + 1e-9
        low, high = np.where(refuted, low, middle), np.where(refuted, middle, high)
    return high


def anytime_sequence(losses: ArrayLike, delta: float, complexity: float = 0.0) -> NDArray[np.float64]:
    """The bound after each of the first 1, 2, ..., n cases, each the least so far (all hold together).

    Args:
        losses: float[n] in [0, 1], in the order in which the cases came. delta, complexity: as for `anytime`.

    Raises:
        ValueError: a loss outside [0, 1], or none.
    """
    values = np.asarray(losses, np.float64).reshape(-1)
    require("loss", values, (values >= 0) & (values <= 1), "in [0, 1]")
    counts = np.arange(1, len(values) + 1)
    sums = np.minimum(np.cumsum(values), counts)
    return np.minimum.accumulate(anytime(sums, counts, complexity, delta))


def log_capital(loss_sum: ArrayLike, n: ArrayLike, risk: ArrayLike) -> NDArray[np.float64]:
    """ln of the gamblers' total after n cases against the claim that the risk is at least `risk` (in (0, 1))."""
    from scipy.special import logsumexp, xlog1py

    total, cases, m = (np.asarray(each, np.float64)[..., None] for each in (loss_sum, n, risk))
    with np.errstate(divide="ignore"):
        logs = xlog1py(total, -BETS) + xlog1py(cases - total, BETS * m / (1 - m))
    return np.asarray(logsumexp(logs, axis=-1) - np.log(len(BETS)))
