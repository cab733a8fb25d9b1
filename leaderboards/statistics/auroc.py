"""Area under the ROC curve of an attack, with DeLong's variance over patients."""

from __future__ import annotations

import math

import numpy as np

from leaderboards.statistics.clustered_mean import MIN_CLUSTERS, wilson
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.placements import Float, placements, variance_of_sums
from leaderboards.statistics.registry import Arrays

METHOD = "DeLong by patient, on the logit scale"


def auroc(arrays: Arrays, *, level: float = 0.95, **_recorded: float | str) -> Estimate:
    """Probability that a member's score is above that of a non-member, ties counted half.

    The variance is that of DeLong et al. 1988, summed over patients on both sides (Obuchowski 1997).

    Args:
        arrays: members, controls: float64[n], float64[m], scores, higher for members; members_cluster,
            controls_cluster: int64, the patients, none of them on both sides. Optional: any_members, any_controls: the
            scores of a second attack on the same images.

    Returns:
        The estimate. A separation without any overlap has Wilson's interval with the smaller number of patients, since
        its variance is 0. extra: `any_image`, with `_low` and `_high`, the area of the second attack.

    Raises:
        ValueError: arrays of different lengths.
    """
    members, controls = arrays["members_cluster"], arrays["controls_cluster"]
    if not len(members) or not len(controls):
        return undefined("no images on one side")
    clusters = min(len(np.unique(members)), len(np.unique(controls)))
    value, low, high, se = _area(arrays, "", level)
    extra = {"clusters": float(clusters)}
    if "any_members" in arrays:
        second = _area(arrays, "any_", level)
        extra |= dict(zip(("any_image", "any_image_low", "any_image_high"), second[:3], strict=True))
    if clusters < MIN_CLUSTERS:
        reason = f"{clusters} patients on one side; an interval needs {MIN_CLUSTERS}"
        return Estimate(value=value, interval_reason=reason, extra={"clusters": float(clusters)})
    return Estimate(value, low, high, se, level, METHOD, extra=extra)


def _area(arrays: Arrays, prefix: str, level: float) -> tuple[float, float, float, float]:
    """Value, low, high, standard error."""
    from scipy.special import ndtri

    one, other = (np.asarray(arrays[f"{prefix}{name}"], np.float64) for name in ("members", "controls"))
    patients = [arrays[f"{name}_cluster"] for name in ("members", "controls")]
    if any(len(scores) != len(of) for scores, of in zip((one, other), patients, strict=True)):
        raise ValueError("scores and clusters of different lengths")
    above, below = placements(one, other), 1.0 - placements(other, one)
    area = float(above.mean())
    variance = _variance(above, patients[0], area) + _variance(below, patients[1], area)
    if variance <= 0.0:
        low, high = wilson(area, min(len(np.unique(each)) for each in patients), level)
        return area, low, high, 0.0
    z, se = float(ndtri(0.5 + level / 2)), math.sqrt(variance)
    half = z * se / (area * (1.0 - area))
    centre = math.log(area / (1.0 - area))
    low, high = (1.0 / (1.0 + math.exp(-(centre + sign * half))) for sign in (-1.0, 1.0))
    return area, low, high, se


def _variance(placed: Float, patients: np.ndarray, area: float) -> float:
    return variance_of_sums((placed - area) / len(placed), patients)
