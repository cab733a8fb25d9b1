"""Kraft's inequality: description lengths are a prior only if the probabilities they stand for sum to one at most."""

from __future__ import annotations

import math
from collections.abc import Iterable

TOLERANCE = 1e-9


def kraft_sum(nats: Iterable[float], counts: Iterable[int] | None = None) -> float:
    """Sum over hypotheses of exp(-nats); `counts` says how many hypotheses share each length."""
    if counts is None:
        return math.fsum(math.exp(-each) for each in nats)
    return math.fsum(count * math.exp(-each) for each, count in zip(nats, counts, strict=True))


def require_prefix_code(nats: Iterable[float], counts: Iterable[int] | None = None) -> None:
    """Refuse description lengths that are too short to belong to a prior.

    Raises:
        ValueError: the Kraft sum exceeds one.
    """
    total = kraft_sum(nats, counts)
    if total > 1 + TOLERANCE:
        raise ValueError(f"the description lengths are no code: their Kraft sum is {total:.6g}, more than 1")
