"""Made-up features with patients, for tests of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side, StoredRows
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import estimate


def side(features: NDArray[Any], patients: Any = None, source: str | None = "enc.part", prefix: str = "p") -> Side:
    """A side whose images are all of different patients unless told."""
    n = len(features)
    names = [f"{prefix}{i:05d}" for i in range(n)] if patients is None else [f"{prefix}{i}" for i in patients]
    return Side(
        np.ascontiguousarray(features, np.float32),
        np.array(names, dtype=np.str_),
        np.array([f"{prefix}-{i}" for i in range(n)], dtype=np.str_),
        np.arange(n, dtype=np.int64),
        source,
    )


def both(generated: NDArray[Any], reference: NDArray[Any], **more: Any) -> MetricInput:
    """A comparison of unrelated patients."""
    return MetricInput(side(generated, prefix="g"), side(reference, prefix="r"), "enc", 7, **more)


def score(metric: Metric, data: MetricInput) -> Estimate:
    """What the score stage does: measure, fetch stored rows, estimate."""
    measured = metric.measure(data)
    assert measured.reason is None, measured.reason
    return estimate(metric.estimator, resolved(measured, data), measured.parameters)


def resolved(measured: Measurement, data: MetricInput) -> dict[str, NDArray[Any]]:
    """Arrays with stored rows fetched; sides of one test must have different sources or be named by key."""
    arrays: dict[str, NDArray[Any]] = {}
    for key, array in measured.arrays.items():
        if isinstance(array, StoredRows):
            part = data.generated if key == "generated" else data.reference
            position = {row: i for i, row in enumerate(part.rows.tolist())}
            array = part.features[[position[row] for row in array.rows.tolist()]]
        arrays[key] = array
    return arrays
