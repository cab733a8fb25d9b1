"""Quantised coefficients, a fixed number of bits for each."""

from __future__ import annotations

import math


def dense(coefficients: int, levels: int) -> float:
    """K ln L nats: each of K merge coefficients takes one of L levels (L = 2^bits) that were fixed beforehand.

    Layer-wise merging has K = models x layers.

    Raises:
        ValueError: fewer than one level, or a negative number of coefficients.
    """
    if coefficients < 0 or levels < 1:
        raise ValueError(f"{coefficients} coefficients of {levels} levels")
    return coefficients * math.log(levels)
