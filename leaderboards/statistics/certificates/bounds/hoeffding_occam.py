"""Occam bound through Hoeffding's inequality: the loose reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked
from leaderboards.statistics.certificates.rounding import outward


def hoeffding_occam(risk: ArrayLike, n: ArrayLike, complexity: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """r + sqrt((ln(1/P(h)) + ln(1/delta)) / (2 n)), with probability 1 - delta for every h at once.

    Hoeffding 1963, Theorem 1, and a union over the prior P (Rezk et al. 2026, eq. 3, where P is uniform over M
    hypotheses). Deterministic predictors, any loss in [0, 1]. Above 1 the bound is vacuous; it is not clipped.

    Args:
        risk: empirical risk r of the chosen hypothesis on n independent cases. complexity: ln(1/P(h)), or ln M, in
            nats; P is fixed before the cases are seen. delta: failure probability.

    Raises:
        ValueError: see leaderboards.statistics.certificates.arguments.checked.
    """
    r, m, nats = checked(risk, n, complexity, delta)
    return outward(r + np.sqrt(nats / (2 * m)))
