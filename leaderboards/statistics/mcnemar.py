"""McNemar's test: do two models answer the same questions equally often right?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class McNemar(NamedTuple):
    """Attributes: p: two-sided p-value. only_a, only_b: cases that only one of the two got right. cases: all."""

    p: float
    only_a: int
    only_b: int
    cases: int

    @property
    def difference(self) -> float:
        """Share right of a less that of b."""
        return (self.only_a - self.only_b) / self.cases


def mcnemar(a: ArrayLike, b: ArrayLike) -> McNemar:
    """Exact McNemar test (McNemar 1947): under the null each discordant case favours either model with chance 1/2.

    Cases must be independent of each other; where several belong to one patient or share images use
    `paired_mean`, which resamples whole clusters.

    Args:
        a, b: bool[n], whether each case was right.

    Raises:
        ValueError: different lengths, no cases, or values other than 0 and 1.
    """
    right_a, right_b = _outcomes(a), _outcomes(b)
    if len(right_a) != len(right_b) or not len(right_a):
        raise ValueError(f"{len(right_a)} and {len(right_b)} outcomes cannot be paired")
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return McNemar(exact_p(only_a, only_b), only_a, only_b, len(right_a))


def exact_p(only_a: int, only_b: int) -> float:
    """Two-sided binomial p-value of the discordant cases; 1 without any."""
    from scipy.special import bdtr

    discordant = only_a + only_b
    if discordant == 0:
        return 1.0
    return float(min(1.0, 2.0 * bdtr(min(only_a, only_b), discordant, 0.5)))


def _outcomes(values: ArrayLike) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1 or not np.isin(array, (0, 1)).all():
        raise ValueError("outcomes are a list of 0 and 1")
    return array.astype(bool)
