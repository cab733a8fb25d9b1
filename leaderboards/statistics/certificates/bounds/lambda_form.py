"""PAC-Bayes-lambda bound: linear in the risk and in KL, so that both can be minimised in turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked, require
from leaderboards.statistics.certificates.rounding import outward


def lambda_form(
    risk: ArrayLike, n: ArrayLike, kl: ArrayLike, delta: ArrayLike, lam: ArrayLike | None = None
) -> NDArray[np.float64]:
    """r / (1 - l/2) + (KL + ln(2 sqrt(n) / delta)) / (n l (1 - l/2)), with probability 1 - delta for all Q and l.

    Thiemann, Igel, Wintenberger and Seldin 2017, "A strongly quasiconvex PAC-Bayesian bound", Theorem 3. It holds for
    every l in (0, 2) at once, so the best one costs nothing and is taken where `lam` is None. Gibbs predictors, any
    loss in [0, 1]. Never below `quadratic`, and equal to it at the best l. Not clipped at 1.

    Args: as for `pac_bayes_kl`; lam: l in (0, 2).

    Raises:
        ValueError: l outside (0, 2); else as for `pac_bayes_kl`.
    """
    r, m, nats = checked(risk, n, kl, delta)
    nats = nats + np.log(2 * np.sqrt(m))
    lam = best_lambda(risk, n, kl, delta) if lam is None else np.asarray(lam, np.float64)
    require("lambda", lam, (lam > 0) & (lam < 2), "between 0 and 2")
    return outward((r + nats / (m * lam)) / (1 - lam / 2))


def best_lambda(risk: ArrayLike, n: ArrayLike, kl: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """The l that makes `lambda_form` least: 2 / (1 + sqrt(1 + 2 n r / (KL + ln(2 sqrt(n) / delta)))), at most 1."""
    r, m, nats = checked(risk, n, kl, delta)
    return np.asarray(2 / (1 + np.sqrt(1 + 2 * m * r / (nats + np.log(2 * np.sqrt(m))))))
