"""Bounds are rounded up, never to nearest: a printed certificate is a claim too."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

SLACK = 16.0 * float(np.finfo(np.float64).eps)
"""Relative; more than the rounding of the few operations that a closed form takes."""


def outward(bound: Float) -> Float:
    """A computed bound, raised by more than its own rounding error (a few parts in 10^15).

    Args:
        bound: float64, at least 0, any shape; infinity stays.
    """
    return np.asarray(bound, np.float64) * (1.0 + SLACK) + np.finfo(np.float64).tiny


def up(value: float, places: int = 3) -> str:
    """The least decimal of `places` places that is not below the value: 0.1401 is shown as "0.141".

    Raises:
        ValueError: the value is not finite.
    """
    return _rounded(value, places, ROUND_CEILING)


def confidence(delta: float) -> str:
    """1 - delta in per cent, rounded down, without needless zeros: "95 %", "99.9 %".

    The decimal text of delta is meant, not its binary neighbour: 0.05 is a confidence of 95 %, not of 94.9999 %.
    """
    percent = 100 * (1 - Decimal(repr(float(delta))))
    text = f"{percent.quantize(Decimal('1e-4'), ROUND_FLOOR):f}".rstrip("0").rstrip(".")
    return f"{text} %"


def _rounded(value: float, places: int, how: str) -> str:
    if not np.isfinite(value):
        raise ValueError(f"a certificate of {value} cannot be shown")
    # Decimal(float) is exact, so nothing is lost before the one rounding.
    return f"{Decimal(float(value)).quantize(Decimal(1).scaleb(-places), how):f}"
