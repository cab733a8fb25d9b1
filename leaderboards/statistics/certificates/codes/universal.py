"""Any description of b bits, where nothing but its length is known beforehand."""

from __future__ import annotations

import math


def universal(bits: int, published: bool = False) -> float:
    """b ln 2 + 2 ln b + ln(pi^2 / 6) nats: all strings of b bits alike, lengths weighted by 6 / (pi^2 b^2).

    Lotfi et al. 2022, "PAC-Bayes compression bounds so tight that they can explain generalization", leave out the
    last term, with which alone the prior sums to one; `published` reproduces their number.

    Raises:
        ValueError: fewer than one bit.
    """
    if bits < 1:
        raise ValueError(f"a description of {bits} bits")
    nats = bits * math.log(2) + 2 * math.log(bits)
    return nats if published else nats + math.log(math.pi**2 / 6)
