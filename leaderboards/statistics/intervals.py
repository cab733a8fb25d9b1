"""Intervals for a share of independent cases: Wilson for reading, Clopper-Pearson where coverage must be guaranteed."""

from __future__ import annotations


def wilson(successes: int, cases: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a binomial proportion (Wilson 1927), without continuity correction.

    Its coverage is near the level on average over the true proportion, also for few cases. Cases must be independent:
    for several cases of one patient use a cluster bootstrap.

    Raises:
        ValueError: not 0 <= successes <= cases with at least one case, or a level outside (0, 1).
    """
    _check(successes, cases, level)
    from scipy.special import ndtri

    z2 = float(ndtri(0.5 + level / 2)) ** 2
    share = successes / cases
    centre = (share + z2 / (2 * cases)) / (1 + z2 / cases)
    half = (z2 * (share * (1 - share) / cases + z2 / (4 * cases**2))) ** 0.5 / (1 + z2 / cases)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == cases else min(1.0, centre + half)
    return low, high


def exact(successes: int, cases: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a binomial proportion (Clopper and Pearson 1934): covers with at least `level`, always.

    Raises:
        ValueError: as for `wilson`.
    """
    _check(successes, cases, level)
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, cases - successes + 1, tail))
    high = 1.0 if successes == cases else float(betaincinv(successes + 1, cases - successes, 1 - tail))
    return low, high


def _check(successes: int, cases: int, level: float) -> None:
    if not 0 <= successes <= cases or cases < 1:
        raise ValueError(f"{successes} of {cases} is not a share")
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1")
