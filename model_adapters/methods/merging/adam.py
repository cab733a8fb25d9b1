"""Adam (Kingma and Ba 2015) on a small array of coefficients, in float64; its state is plain numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


class Adam:
    """beta = (0.9, 0.999), epsilon 1e-8, without weight decay.

    Attributes:
        value: the coefficients. count: steps taken.
    """

    def __init__(self, value: Float, rate: float) -> None:
        self.value = value.astype(np.float64)
        self.rate = rate
        self.mean, self.square = np.zeros_like(self.value), np.zeros_like(self.value)
        self.count = 0

    def step(self, gradient: Float) -> None:
        """Go one step down."""
        self.count += 1
        self.mean = 0.9 * self.mean + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        mean = self.mean / (1.0 - 0.9**self.count)
        square = self.square / (1.0 - 0.999**self.count)
        self.value = self.value - self.rate * mean / (np.sqrt(square) + 1e-8)

    def state(self) -> dict[str, Any]:
        """What `restore` needs; floats survive JSON exactly."""
        arrays = {"value": self.value, "mean": self.mean, "square": self.square}
        return {"count": self.count, **{name: array.tolist() for name, array in arrays.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.count = int(state["count"])
        self.value, self.mean, self.square = (np.asarray(state[name]) for name in ("value", "mean", "square"))
