"""Squared maximum mean discrepancy from sums of a kernel over pairs of patients, with its standard error."""

from __future__ import annotations

import math

import numpy as np

from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.kernel_tiles import Float
from leaderboards.statistics.registry import Arrays

MIN_UNITS = 10
"""Fewer independent units (patients, or blocks of patients) than this give no interval."""

WEIGHTS = np.array([1.0, 1.0, -2.0])


def mmd(arrays: Arrays, *, level: float = 0.95, **_kernel: float | str) -> Estimate:
    """Unbiased MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y) over pairs of images of different patients.

    Images of one patient are not independent, so a pair within a patient (of two studies, or of a real image and the
    one drawn from its prompt) is left out of all three means; with one image a patient and no patient on both sides
    this is the U-statistic of Gretton et al. 2012 (eq. 3). That one, over all pairs of different images, is
    `extra["image_level"]`: what torchmetrics computes on the whole set.

    The standard error is the delete-one-unit jackknife, in closed form from the row sums: deleting a patient takes
    away their images on both sides, so several images of a patient, or pairing, do not make it too small. It is
    conservative near 0, where the statistic is degenerate. The interval is Student's t with Kish's effective number of
    units less one as degrees of freedom.

    Args:
        arrays: total_sum, total_count: float64[3], over generated, reference and cross pairs;
            removed_sum, removed_count: float64[units, 3], the part that vanishes with a unit;
            size: float64[units]; image_sum, image_count: float64[3] (optional), over all pairs of different images.
        _kernel: what the kernel was; recorded, not used.

    Returns:
        The estimate; undefined if a side holds images of one patient only.

    Raises:
        ValueError: shapes that do not fit each other.
    """
    total_sum, total_count = arrays["total_sum"], arrays["total_count"]
    removed_sum, removed_count, size = arrays["removed_sum"], arrays["removed_count"], arrays["size"]
    if total_sum.shape != (3,) or total_count.shape != (3,):
        raise ValueError(f"totals have shapes {total_sum.shape} and {total_count.shape}, not (3,)")
    if removed_sum.shape != (len(size), 3) or removed_count.shape != (len(size), 3):
        raise ValueError(f"removed sums have shape {removed_sum.shape}, not ({len(size)}, 3)")
    extra: dict[str, float] = {}
    if "image_sum" in arrays and (arrays["image_count"] > 0).all():
        extra["image_level"] = float(arrays["image_sum"] / arrays["image_count"] @ WEIGHTS)
    if (total_count <= 0).any():
        return undefined("all images of a side belong to one patient")
    value = float(total_sum / total_count @ WEIGHTS)
    left = total_count - removed_count
    if len(size) < MIN_UNITS or (left <= 0).any():
        reason = f"{len(size)} patients or blocks of patients; an interval needs {MIN_UNITS}"
        if len(size) >= MIN_UNITS:
            reason = "one patient or block holds all images of a side but one patient's"
        return Estimate(value=value, interval_reason=reason, extra=extra)
    se = _jackknife_se(((total_sum - removed_sum) / left) @ WEIGHTS, value)
    effective = float(size.sum() ** 2 / (size**2).sum())
    half = _t_quantile(level, effective) * se
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        se=se,
        level=level,
        method="delete-one-patient jackknife of the U-statistic, Student t",
        extra={**extra, "effective_units": effective},
    )


def _jackknife_se(deleted: Float, value: float) -> float:
    """Around the full value, not the mean of the deleted ones: the sides may have different patients and weights."""
    units = len(deleted)
    return math.sqrt((units - 1) / units * float(((deleted - value) ** 2).sum()))


def _t_quantile(level: float, effective_units: float) -> float:
    from scipy.special import stdtrit  # scipy.stats has it too, and takes most of a second to import

    return float(stdtrit(max(effective_units - 1.0, 1.0), 0.5 + level / 2))
