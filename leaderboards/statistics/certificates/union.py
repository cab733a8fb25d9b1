"""What it costs to choose: every choice made by looking at the sample is paid for in nats."""

from __future__ import annotations

import math


def choice_nats(options: int) -> float:
    """ln(options): a choice among options that were listed before the sample was seen, each as likely as the other.

    Raises:
        ValueError: fewer than one option.
    """
    if options < 1:
        raise ValueError(f"a choice among {options} options")
    return math.log(options)


def index_nats(index: int) -> float:
    """2 ln j + ln(pi^2 / 6): a choice of j = 1, 2, 3, ... without an end, with weights 6 / (pi^2 j^2).

    For a prior's scale s^2 = c exp(-j / b): delta_j = 6 delta / (pi^2 j^2) (Langford and Caruana 2001).

    Raises:
        ValueError: an index below 1.
    """
    if index < 1:
        raise ValueError(f"index {index} is below 1")
    return 2 * math.log(index) + math.log(math.pi**2 / 6)
