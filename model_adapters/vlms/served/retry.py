"""When to try again, and how long to wait before."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from model_adapters.inference.seeds import derive_seed

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""HTTP states that another try may cure."""

BUSY = frozenset({429, 503, 529})
"""... of which these ask to slow down."""

LONGEST_HOLD = 300.0
"""Seconds; a service that asks for more is asked again after these."""


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or an HTTP date; None where it says nothing sensible."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            when = parsedate_to_datetime(header)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_HOLD) if seconds == seconds else None


def backoff(seed: int, case_id: str, attempt: int, shortest: float, longest: float) -> float:
    """Seconds before try `attempt` (1, 2, ...): doubling, times a factor from 0.5 to 1.5 drawn from the seed.

    The jitter keeps requests that failed together from coming back together; drawn from (seed, case, attempt), it is
    the same in every run.
    """
    jitter = 0.5 + derive_seed(seed, case_id, attempt, "backoff") / 2**63
    return min(longest, shortest * 2.0 ** (attempt - 1)) * jitter
