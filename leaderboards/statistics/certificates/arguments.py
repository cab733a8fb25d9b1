"""What every bound asks of its arguments, checked in one place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


def checked(risk: ArrayLike, n: ArrayLike, complexity: ArrayLike, delta: ArrayLike) -> tuple[Float, Float, Float]:
    """Risk and n as float64, and the nats to pay, complexity + ln(1/delta); all of one shape.

    Raises:
        ValueError: a risk outside [0, 1], n below 1, a negative complexity, or delta outside (0, 1); NaN is outside.
    """
    r, m, c, d = np.broadcast_arrays(*(np.asarray(each, np.float64) for each in (risk, n, complexity, delta)))
    require("risk", r, (r >= 0) & (r <= 1), "in [0, 1]")
    require("n", m, (m >= 1) & np.isfinite(m), "at least 1")
    require("complexity", c, c >= 0, "at least 0 nats")
    require("delta", d, (d > 0) & (d < 1), "between 0 and 1")
    return r, m, c - np.log(d)


def require(name: str, values: Float, good: NDArray[np.bool_], what: str) -> None:
    """Raise ValueError that names the first value which is not as it should be."""
    if not good.all():
        raise ValueError(f"{name} is {values[~good].flat[0]}, but must be {what}")
