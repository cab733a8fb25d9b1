"""A published quirk or a count: one number without an interval."""

from __future__ import annotations

from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import Arrays


def scalar(arrays: Arrays, *, interval_reason: str = "no interval exists for this definition") -> Estimate:
    """Return arrays["value"] (shape () or (1,)) as it is."""
    return Estimate(value=float(arrays["value"].reshape(())), interval_reason=interval_reason)
