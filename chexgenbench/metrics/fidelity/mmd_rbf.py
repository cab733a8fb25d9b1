"""Squared MMD under a Gaussian kernel: sensitive to every difference between two distributions, not only to moments.

MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y) with k(x, y) = exp(-||x - y||^2 / (2 s^2)) (Gretton et al. 2012, eq. 3; as
an image metric, CMMD, Jayasumana et al. 2024). Between 0 (equal) and 2, lower is better, no unit; unbiased, so it may
come out slightly negative.

The bandwidth s is the median distance between real training images in this encoder's features (the median heuristic, on
at most 1,000 of them chosen by a fixed seed), so it is the same for every model, group and test set of a split; it is
recorded as the parameter `bandwidth`. Pairs of images of one patient are left out and the standard error is a
delete-one-patient jackknife, as for `kid`.

Time O((n + m)^2 d), memory O(512 (512 + d)).
"""

from __future__ import annotations

import numpy as np

from chexgenbench.kernels import pair_sums
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from leaderboards.statistics.kernel_tiles import RBF


def measure(data: MetricInput) -> Measurement:
    """Kernel sums for the `mmd` estimator."""
    if data.train is None or len(data.train) < 2:
        return Measurement(reason="the bandwidth needs at least 2 real training images")
    try:
        bandwidth = data.train.median_distance
    except ValueError as error:
        return Measurement(reason=f"no bandwidth: {error}")
    centre = data.train.features.mean(axis=0, dtype=np.float64)
    arrays = pair_sums(data.generated, data.reference, RBF(bandwidth), centre, share=data.share_reference)
    return Measurement(arrays, {"kernel": "rbf", "bandwidth": bandwidth})


METRIC = Metric(
    name="mmd_rbf",
    display="MMD (RBF)",
    family="fidelity",
    direction="lower",
    measure=measure,
    estimator="mmd",
    source="Gretton et al. 2012; Jayasumana et al. 2024, arXiv 2401.09603",
    cost="O((n + m)^2 d) time, O(d) memory a row",
    needs=frozenset({"encoder", "train"}),
)
