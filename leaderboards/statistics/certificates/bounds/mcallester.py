"""McAllester's bound: the square-root relaxation of PAC-Bayes-kl, a training surrogate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked
from leaderboards.statistics.certificates.rounding import outward


def mcallester(risk: ArrayLike, n: ArrayLike, kl: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """r(Q) + sqrt((KL(Q||P) + ln(2 sqrt(n) / delta)) / (2 n)), with probability 1 - delta for all Q at once.

    McAllester 1999 with the constant of Maurer 2004: Pinsker's inequality on `pac_bayes_kl`, which it is never below.
    Gibbs predictors, any loss in [0, 1]. Above 1 the bound is vacuous; it is not clipped.

    Args: as for `pac_bayes_kl`. Raises: ValueError likewise.
    """
    r, m, nats = checked(risk, n, kl, delta)
    return outward(r + np.sqrt((nats + np.log(2 * np.sqrt(m))) / (2 * m)))
