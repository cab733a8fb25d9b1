"""How many failures of a bound a simulation may show before the bound is wrong."""

from __future__ import annotations


def violation_limit(trials: int, delta: float, level: float = 0.999) -> int:
    """The `level` quantile of Binomial(trials, delta): a valid bound exceeds it with probability 1 - level at most.

    Raises:
        ValueError: no trials, or a probability outside (0, 1).
    """
    if trials < 1 or not 0 < delta < 1 or not 0 < level < 1:
        raise ValueError(f"{trials} trials, delta {delta}, level {level}")
    from scipy.stats import binom

    return int(binom.ppf(level, trials, delta))
