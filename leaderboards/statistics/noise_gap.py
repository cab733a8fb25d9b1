"""Whether training prompts steer a model more strongly than held-out ones do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leaderboards.statistics.auroc import auroc
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import Arrays


def noise_gap(arrays: Arrays, *, level: float = 0.95, **_recorded: float | str) -> Estimate:
    """Area under the ROC curve of the norms as a sign of membership (the `auroc` estimator).

    Args:
        arrays: members, controls: float64, one norm a prompt; members_cluster, controls_cluster: int64.

    Returns:
        The estimate. extra: `average`, `maximum` of the training prompts' norms (the published numbers),
        `controls_average`, `controls_maximum`.
    """
    found = auroc(arrays, level=level)
    extra = dict(found.extra)
    for prefix, name in (("", "members"), ("controls_", "controls")):
        norms = np.asarray(arrays[name], np.float64)
        if len(norms):
            extra |= {f"{prefix}average": float(norms.mean()), f"{prefix}maximum": float(norms.max())}
    return replace(found, extra=extra)
