"""Linear axes: domains that no outlier flattens, and ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from leaderboards.reporting.numbers import number


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps [low, high] to pixels [left, right]."""

    low: float
    high: float
    left: float
    right: float

    def __call__(self, value: float) -> float:
        """Pixel of a value, held within the axis."""
        share = (value - self.low) / (self.high - self.low)
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)

    def holds(self, value: float) -> bool:
        """Whether a value lies within the axis."""
        slack = 1e-9 * (self.high - self.low)
        return self.low - slack <= value <= self.high + slack

    def ticks(self, most: int = 4) -> list[tuple[float, str]]:
        """About `most` round positions with their labels, and at least two."""
        step = round_step((self.high - self.low) / most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        if last <= first:
            step = round_step((self.high - self.low) / (2 * most))
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        return [(index * step, number(index * step, places)) for index in range(first, last + 1)]


def round_step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def scale_for(points: Iterable[float], intervals: Iterable[float], left: float, right: float) -> Scale:
    """An axis that shows every point; ends of intervals stretch it by at most the spread of the points.

    One group with three images has an interval that would flatten all others: it is cut off and drawn with an arrow.
    """
    values = sorted(points)
    if not values:
        return Scale(0, 1, left, right)
    low, high = values[0], values[-1]
    spread = (high - low) or abs(high) or 1.0
    for end in intervals:
        low, high = min(low, max(end, values[0] - spread)), max(high, min(end, values[-1] + spread))
    margin = 0.06 * ((high - low) or abs(high) or 1.0)
    return Scale(low - margin, high + margin, left, right)
