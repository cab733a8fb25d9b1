"""PAC-Bayes-kl bound: the Gibbs risk of any posterior, all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked
from leaderboards.statistics.certificates.binary_kl import kl_inverse
from leaderboards.statistics.certificates.rounding import outward


def pac_bayes_kl(risk: ArrayLike, n: ArrayLike, kl: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """kl_inverse(r(Q), (KL(Q||P) + ln(2 sqrt(n) / delta)) / n), with probability 1 - delta for all Q at once.

    Seeger 2002 with the constant of Maurer 2004 ("A note on the PAC-Bayesian theorem", Theorem 5). Maurer asks for
    n >= 8; the moment xi(n) behind the constant is at most 2 sqrt(n) for every n >= 1 (the test sums it). Certifies
    the Gibbs predictor, which draws a new hypothesis from Q for every case, not the mean of Q. Any loss in [0, 1].

    Args:
        risk: empirical Gibbs risk r(Q) on n independent cases, exact or an upper bound (`gibbs_risk`). kl: KL(Q||P)
            in nats; P is fixed before the cases are seen, Q may depend on them. delta: failure probability.

    Raises:
        ValueError: see leaderboards.statistics.certificates.arguments.checked.
    """
    r, m, nats = checked(risk, n, kl, delta)
    return np.minimum(outward(kl_inverse(r, outward((nats + np.log(2 * np.sqrt(m))) / m))), 1.0)
