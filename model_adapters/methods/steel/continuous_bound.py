"""What STEEL's paper holds against fine-tuning: the price of a continuous adapter at one bit a parameter."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import checked, require


def continuous_bound(risk: ArrayLike, n: ArrayLike, parameters: ArrayLike, delta: ArrayLike) -> NDArray[np.float64]:
    """r + sqrt((d + 2 ln d + ln(1/delta)) / (2 n)), not clipped at 1.

    Rezk et al. 2026, eq. 7: the compression bound of Lotfi et al. 2022 in its best case, one bit a parameter, printed
    with d in place of d ln 2. A number to compare with, never a certificate: fine-tuned numbers are not one bit each.

    Args:
        risk: of the fine-tuned adapter on the n examples. parameters: d, at least 1.

    Raises:
        ValueError: d below 1; else see leaderboards.statistics.certificates.arguments.checked.
    """
    d = np.asarray(parameters, np.float64)
    require("parameters", d, d >= 1, "at least 1")
    r, m, nats = checked(risk, n, d + 2 * np.log(d), delta)
    return np.asarray(r + np.sqrt(nats / (2 * m)))
