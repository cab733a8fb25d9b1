"""PAC-Bayes bounds as something to descend on: value, and derivatives in the risk and in the price."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from typing import NamedTuple

from data_splits.errors import UserError
from leaderboards.statistics.certificates.binary_kl import kl_inverse

EDGE = 1e-9
"""A risk of 0 or 1 is moved by this much: a derivative would be infinite there."""


class Slopes(NamedTuple):
    """A bound and its derivatives in the empirical risk and in the nats (KL and choices)."""

    value: float
    by_risk: float
    by_nats: float


def pac_bayes_kl(risk: float, n: int, nats: float, delta: float) -> Slopes:
    """p = kl_inverse(r, c) with c = (nats + ln(2 sqrt(n)/delta)) / n, by the implicit function theorem.

    dp/dr = (ln((1-r)/(1-p)) - ln(r/p)) p (1-p) / (p-r) and dp/dc = p (1-p) / (p-r).
    """
    r = min(max(risk, EDGE), 1 - EDGE)
    c = (nats + math.log(2 * math.sqrt(n) / delta)) / n
    p = min(float(kl_inverse(r, c)), 1 - 1e-12)
    steep = p * (1 - p) / (p - r)
    return Slopes(p, (math.log((1 - r) / (1 - p)) - math.log(r / p)) * steep, steep / n)


def quadratic(risk: float, n: int, nats: float, delta: float) -> Slopes:
    """(sqrt(r + b) + sqrt(b))^2 with b = (nats + ln(2 sqrt(n)/delta)) / (2 n)."""
    b = (nats + math.log(2 * math.sqrt(n) / delta)) / (2 * n)
    whole, small = math.sqrt(risk + b), math.sqrt(b)
    by_b = 2 + small / whole + whole / small
    return Slopes((whole + small) ** 2, 1 + small / whole, by_b / (2 * n))


def mcallester(risk: float, n: int, nats: float, delta: float) -> Slopes:
    """r + sqrt(b) with b as in `quadratic`."""
    root = math.sqrt((nats + math.log(2 * math.sqrt(n) / delta)) / (2 * n))
    return Slopes(risk + root, 1.0, 1 / (4 * n * root))


SURROGATES: dict[str, Callable[[float, int, float, float], Slopes]] = {
    "pac-bayes-kl": pac_bayes_kl,
    "quadratic": quadratic,
    "mcallester": mcallester,
}


def surrogate(name: str) -> Callable[[float, int, float, float], Slopes]:
    """A bound to train on, by name.

    Raises:
        UserError: there is none, with the nearest one.
    """
    if name in SURROGATES:
        return SURROGATES[name]
    near = difflib.get_close_matches(name, SURROGATES, n=1, cutoff=0.1)
    raise UserError(f"surrogate is {name!r}; it is {', '.join(SURROGATES)}. Did you mean {(near or ['quadratic'])[0]}?")
