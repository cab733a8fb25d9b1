"""How many items it takes to tell two models apart, and what difference a given number can show."""

from __future__ import annotations

import math
from functools import lru_cache

MAX_ITEMS = 10_000_000


def mcnemar_power(only_a: float, only_b: float, items: int, alpha: float = 0.05) -> float:
    """Power of the exact McNemar test, summed over the number of discordant cases (normal approximation above 5,000).

    Args:
        only_a, only_b: chance that a case is right for one model only. items: independent cases.

    Raises:
        ValueError: chances that are none.
    """
    _check(only_a, only_b)
    discordant = only_a + only_b
    if discordant == 0 or items < 1:
        return 0.0
    if items > 5000:
        return _normal_power(only_a, only_b, items, alpha)
    import numpy as np
    from scipy.special import bdtr, bdtrc, gammaln

    counts = np.arange(items + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = gammaln(items + 1) - gammaln(counts + 1) - gammaln(items - counts + 1) + counts * math.log(discordant)
        rest = (items - counts) * math.log1p(-discordant) if discordant < 1 else np.where(counts == items, 0.0, -np.inf)
    weight = np.exp(log_p + rest)
    critical = np.array([_critical(int(n), alpha) for n in counts])
    share = only_a / discordant
    lower = np.where(critical >= 0, bdtr(np.maximum(critical, 0), np.maximum(counts, 1), share), 0.0)
    upper = np.where(critical >= 0, bdtrc(counts - np.maximum(critical, 0) - 1, np.maximum(counts, 1), share), 0.0)
    return float((weight * (lower + upper)).sum())


def items_needed(only_a: float, only_b: float, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """Independent items after which an exact McNemar test finds the difference with this power; None if there is none.

    The normal approximation (Connor 1987) gives a first guess, from which exact powers are searched.
    """
    _check(only_a, only_b)
    gap = abs(only_a - only_b)
    if gap == 0:
        return None
    from scipy.special import ndtri

    discordant = only_a + only_b
    z_alpha, z_power = float(ndtri(1 - alpha / 2)), float(ndtri(power))
    guess = (z_alpha * math.sqrt(discordant) + z_power * math.sqrt(discordant - gap**2)) ** 2 / gap**2
    items = max(1, math.ceil(guess))
    if items > MAX_ITEMS:
        return items
    if items > 5000:
        while _normal_power(only_a, only_b, items, alpha) < power:
            items += max(1, items // 200)
        return items
    step = max(1, items // 50)
    while mcnemar_power(only_a, only_b, items, alpha) < power and items <= 5000:
        items += step
    while step > 1 and items > step:
        step = max(1, step // 2)
        if mcnemar_power(only_a, only_b, items - step, alpha) >= power:
            items -= step
    return items


def detectable_difference(items: int, discordant: float, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """The smallest difference in share right that `items` cases find with this power, given how often models differ.

    Args:
        discordant: share of cases that one model gets right and the other wrong, in (0, 1].

    Returns:
        A difference in (0, discordant], or None where even the largest would be missed.
    """
    if not 0 < discordant <= 1:
        raise ValueError(f"{discordant} is no share of discordant cases")
    low, high = 0.0, discordant

    def reached(gap: float) -> bool:
        return mcnemar_power((discordant + gap) / 2, (discordant - gap) / 2, items, alpha) >= power

    if not reached(high):
        return None
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


@lru_cache(maxsize=20_000)
def _critical(discordant: int, alpha: float) -> int:
    """Largest k such that k or fewer (or the mirror image) of n discordant cases are significant; -1 if none is."""
    from scipy.special import bdtr

    if discordant == 0 or 2 * 0.5**discordant > alpha:
        return -1
    low, high = 0, discordant // 2
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if 2 * bdtr(middle, discordant, 0.5) <= alpha else (low, middle - 1)
    return low


def _normal_power(only_a: float, only_b: float, items: int, alpha: float) -> float:
    from scipy.special import ndtr, ndtri

    gap, discordant = abs(only_a - only_b), only_a + only_b
    spread = math.sqrt(max(discordant - gap**2, 1e-300))
    return float(ndtr((gap * math.sqrt(items) - float(ndtri(1 - alpha / 2)) * math.sqrt(discordant)) / spread))


def _check(only_a: float, only_b: float) -> None:
    if not (0 <= only_a <= 1 and 0 <= only_b <= 1 and only_a + only_b <= 1):
        raise ValueError(f"{only_a} and {only_b} are not chances of two exclusive outcomes")
