"""Occam bound through Chernoff's inequality (relative entropy): the default for losses in [0, 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked
from leaderboards.statistics.certificates.binary_kl import kl_inverse
from leaderboards.statistics.certificates.rounding import outward


def chernoff_occam(risk: ArrayLike, n: ArrayLike, complexity: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """kl_inverse(r, (ln(1/P(h)) + ln(1/delta)) / n), with probability 1 - delta for every h at once.

    The relative-entropy form of Chernoff's bound (Hoeffding 1963, Theorem 1, first inequality) and a union over the
    prior (Langford 2005, Occam's razor bound with the relative-entropy relaxation). It is one-sided, so it needs no
    ln(2 sqrt n). Never above `hoeffding_occam` (Pinsker). Deterministic predictors, any loss in [0, 1].

    Args: as for `hoeffding_occam`. Raises: ValueError likewise.
    """
    r, m, nats = checked(risk, n, complexity, delta)
    return np.minimum(outward(kl_inverse(r, outward(nats / m))), 1.0)
