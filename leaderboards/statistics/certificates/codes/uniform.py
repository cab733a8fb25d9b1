"""M hypotheses, all alike: the code of an adapter zoo or of any list of candidates."""

from __future__ import annotations

import math


def uniform(hypotheses: int) -> float:
    """ln M nats for any of M hypotheses.

    Raises:
        ValueError: fewer than one.
    """
    if hypotheses < 1:
        raise ValueError(f"a set of {hypotheses} hypotheses")
    return math.log(hypotheses)
