"""Quadratic PAC-Bayes bound: smooth in the risk and tighter than McAllester's where the risk is small."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked
from leaderboards.statistics.certificates.rounding import outward


def quadratic(risk: ArrayLike, n: ArrayLike, kl: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """(sqrt(r + b) + sqrt(b))^2 with b = (KL + ln(2 sqrt(n) / delta)) / (2 n), with probability 1 - delta for all Q.

    Perez-Ortiz et al. 2021, "Tighter risk certificates for neural networks" (their f_quad): the refined Pinsker
    inequality kl(q||p) >= (p - q)^2 / (2 p) on `pac_bayes_kl`, which it is never below. It is the least of
    `lambda_form` over lambda. Gibbs predictors, any loss in [0, 1]. Not clipped at 1.

    Args: as for `pac_bayes_kl`. Raises: ValueError likewise.
    """
    r, m, nats = checked(risk, n, kl, delta)
    b = (nats + np.log(2 * np.sqrt(m))) / (2 * m)
    return outward((np.sqrt(r + b) + np.sqrt(b)) ** 2)
