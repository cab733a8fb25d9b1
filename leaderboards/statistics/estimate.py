"""What every estimator returns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, how sure we are of it, and why not where we are not.

    Attributes:
        value: the number, or None where it is undefined (then `reason` says why).
        low, high: interval at `level`, or None (then `interval_reason` says why).
        se: standard error, or None.
        method: name of the interval's method, for example "delete-a-block jackknife".
        extra: further numbers of the same estimator, for example {"bias_corrected": 12.3, "infinity": 11.9}.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    se: float | None = None
    level: float = 0.95
    method: str = ""
    reason: str | None = None
    interval_reason: str | None = None
    extra: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("value", "low", "high", "se"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise ValueError(f"{name} of an estimate is {number}; return None with a reason instead")
        if self.value is None and not self.reason:
            raise ValueError("an undefined estimate needs a reason")


def undefined(reason: str) -> Estimate:
    """An estimate without a value."""
    return Estimate(value=None, reason=reason, interval_reason=reason)
