"""Losses that are not right or wrong, brought into [0, 1], where the bounds hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import require

P_MIN = 1e-5


def bounded_cross_entropy(probability: ArrayLike, p_min: float = P_MIN) -> NDArray[np.float64]:
    """ln(1 / max(p, p_min)) / ln(1 / p_min): cross-entropy with probabilities clamped from below, scaled to [0, 1].

    Perez-Ortiz et al. 2021, "Tighter risk certificates for neural networks". p_min is part of the loss: certificates
    of two values of it are about different risks.

    Args:
        probability: of the true class, in [0, 1]. p_min: in (0, 1).

    Raises:
        ValueError: a probability outside [0, 1], or p_min outside (0, 1).
    """
    p, floor = np.asarray(probability, np.float64), np.asarray(p_min, np.float64)
    require("probability", p, (p >= 0) & (p <= 1), "in [0, 1]")
    require("p_min", floor, (floor > 0) & (floor < 1), "between 0 and 1")
    return np.asarray(np.clip(np.log(np.maximum(p, floor)) / np.log(floor), 0.0, 1.0))
