"""Estimator of log Frechet distances of standardised features, beside that of a projection which has an interval."""

from __future__ import annotations

import math

import numpy as np

from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.frechet import METHOD, frechet
from leaderboards.statistics.registry import Arrays

PROJECTED = "projected_"


def log_frechet(arrays: Arrays, *, interval: bool = True, level: float = 0.95, **_recorded: float | str) -> Estimate:
    """Natural logarithm of the Frechet distance; lower is closer.

    Args:
        arrays: those of `frechet`, and `column` int64[k], `centre` and `scale` float64[k]: features become
            (x[:, column] - centre) / scale. Block moments (of a private side) are of such features already. And, if
            there is a projection, the arrays of `frechet` for it under names that start with "projected_".
        interval: False for protocols that have none.

    Returns:
        value: log of the plain distance. low, high: logs of the interval of `frechet` for the populations' distance,
        or None with `interval_reason`. extra: `distance` and, where `frechet` gives it, `bias_corrected`, both before
        the logarithm; for the projection `projected`, `projected_low`, `projected_high` (logs) and
        `projected_bias_corrected` (not a log: it may fall below 0), and `dimensions`, how many columns are compared.

    Raises:
        ValueError: malformed arrays.
    """
    whole = frechet(_standardised(arrays), interval=interval, level=level)
    if whole.value is None:
        return undefined(str(whole.reason))
    if whole.value <= 0.0:
        return undefined("the two sets have the same moments: the distance is 0, which has no logarithm")
    extra = {"distance": whole.value, "dimensions": float(len(arrays["column"]))}
    extra |= {name: number for name, number in whole.extra.items() if name in ("bias_corrected", "infinity")}
    part = {name.removeprefix(PROJECTED): each for name, each in arrays.items() if name.startswith(PROJECTED)}
    if part:
        extra |= _projected(frechet(part, interval=interval, level=level))
    value, (low, high, reason) = math.log(whole.value), _logs(whole)
    if low is None or high is None or whole.se is None:
        return Estimate(value=value, level=level, interval_reason=reason, extra=extra)
    middle = whole.extra["bias_corrected"]
    return Estimate(value, low, high, whole.se / middle, level, f"log of the {METHOD}", extra=extra)


def _projected(found: Estimate) -> dict[str, float]:
    numbers: dict[str, float] = {}
    if found.value is not None and found.value > 0.0:
        numbers["projected"] = math.log(found.value)
    if "bias_corrected" in found.extra:
        numbers["projected_bias_corrected"] = found.extra["bias_corrected"]
    if found.high is not None and found.high > 0.0:
        numbers["projected_high"] = math.log(found.high)
        if found.low is not None and found.low > 0.0:
            numbers["projected_low"] = math.log(found.low)
    return numbers


def _logs(found: Estimate) -> tuple[float | None, float | None, str | None]:
    """The interval's ends as logarithms, or the reason why there are none."""
    if found.low is None or found.high is None:
        return None, None, found.interval_reason
    if found.low <= 0.0:
        return None, None, "the populations' distance may be 0, so its logarithm has no lower end"
    return math.log(found.low), math.log(found.high), None


def _standardised(arrays: Arrays) -> dict[str, np.ndarray]:
    column, centre, scale = (arrays[name] for name in ("column", "centre", "scale"))
    if not len(column) == len(centre) == len(scale) or not (scale > 0).all():
        raise ValueError(f"{len(column)} columns, {len(centre)} centres and {len(scale)} scales above 0 were given")
    own = {name: each for name, each in arrays.items() if name.startswith(("generated", "reference"))}
    for side in ("generated", "reference"):
        if side in own:
            own[side] = ((own[side][:, column].astype(np.float64) - centre) / scale).astype(np.float32)
    return own
