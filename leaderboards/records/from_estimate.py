"""From an estimator's answer to a line of the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leaderboards.records.schema import MetricResult
from leaderboards.statistics.estimate import Estimate


def metric_result(
    estimate: Estimate,
    *,
    metric: str,
    family: str,
    direction: str,
    estimator: str,
    n_generated: int,
    n_reference: int,
    group: str = "overall",
    variant: str = "raw",
    n_patients: int | None = None,
    statistics: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    unit: str = "",
) -> MetricResult:
    """Build a MetricResult; everything but the metadata comes from the estimate.

    Args:
        metric: full name, for example "kid_lite0". The other arguments are those of MetricResult.

    Raises:
        pydantic.ValidationError: an unknown family, variant or direction, a negative count, or a number that is not
            finite.
    """
    return MetricResult.model_validate(
        {
            "metric": metric,
            "family": family,
            "group": group,
            "variant": variant,
            "value": estimate.value,
            "low": estimate.low,
            "high": estimate.high,
            "se": estimate.se,
            "level": estimate.level,
            "n_generated": int(n_generated),
            "n_reference": int(n_reference),
            "n_patients": None if n_patients is None else int(n_patients),
            "estimator": estimator,
            "method": estimate.method,
            "statistics": statistics,
            "parameters": {name: _plain(value) for name, value in (parameters or {}).items()},
            "direction": direction,
            "unit": unit,
            "reason": estimate.reason,
            "interval_reason": estimate.interval_reason,
            "extra": {name: float(value) for name, value in estimate.extra.items()},
        }
    )


def _plain(value: Any) -> Any:
    """A numpy scalar as the Python number it is; anything else as it is."""
    return value.item() if hasattr(value, "item") else value
