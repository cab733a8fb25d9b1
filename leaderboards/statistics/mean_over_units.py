"""Mean of one number a unit (seed, client, case, patient), and of paired differences of two such lists."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.estimate import Estimate, undefined

FEW = ("seed", "client")
"""Units of which there are few: Student's interval. Of cases and patients: bootstrap."""


def mean_over_units(values: Sequence[float], per: str, *, indicator: bool = False, level: float = 0.95) -> Estimate:
    """Mean with an interval over the units, which must be independent.

    Few units (seeds, clients): mean +- t(n - 1) s / sqrt(n), Student 1908; it takes the units' values for normal, and
    it is wide for three seeds, as it must be. Cases and patients: the bootstrap of `clustered_mean`, a cluster a unit.

    Args:
        values: one finite number a unit. per: "seed", "client", "case" or "patient".
        indicator: every value is 0 or 1; a rate of exactly 0 or 1 over cases or patients gets Wilson's interval.
    """
    x = np.asarray(values, np.float64)
    n = len(x)
    if not n:
        return undefined("no values")
    mean = float(x.mean())
    if n == 1:
        return Estimate(mean, interval_reason=f"one {per}")
    if per not in FEW:
        arrays = {"values": x, "cluster": np.arange(n)}
        found = clustered_mean(arrays, seed=0, indicator=indicator, level=level)
        return Estimate(
            found.value, found.low, found.high, found.se, level, found.method.replace("by patient", f"over {per}s"),
            interval_reason=found.interval_reason and found.interval_reason.replace("patient", per),
        )  # fmt: skip
    if not float(np.ptp(x)):
        return Estimate(mean, interval_reason=f"every {per} has the same value")
    from scipy.special import stdtrit

    se = float(x.std(ddof=1)) / math.sqrt(n)
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * se
    return Estimate(mean, mean - half, mean + half, se, level, f"Student's t over {per}s")


def difference_over_units(a: Sequence[float], b: Sequence[float], per: str) -> Estimate:
    """Mean of a less that of b, unit by unit, with the interval of `mean_over_units`.

    Raises:
        ValueError: lists of different lengths.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} values cannot be paired")
    return mean_over_units((np.asarray(a, np.float64) - np.asarray(b, np.float64)).tolist(), per)
