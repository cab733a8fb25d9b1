"""Recall: the share of real images that the generator could have drawn.

The share of real images that lie in the ball of a generated image, a ball reaching to its centre's 5th nearest
neighbour among the generated images (Kynkaanniemi et al. 2019, eq. 1 and 2, with the strict inequality of `prdc`,
which the published benchmark calls). 0 to 1, higher is better. It falls when modes are missing; scattered generated
images have large balls and inflate it; `coverage` does not have that fault.

The interval resamples patients of the real images and holds the generated images, hence the balls, fixed.

Time O((n + m)^2 d), memory O(2048 (4096 + d)), shared by precision, recall, density and coverage. Defined for 6
images a side; it depends on n and m, so groups are also compared at equal n.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import per_image


def measure(data: MetricInput) -> Measurement:
    """0/1 by real image, for the `clustered_mean` estimator."""
    arrays = per_image(data, data.reference, values=data.neighbours.in_generated)
    return Measurement(arrays, {"seed": data.seed, "indicator": True, "conditional": "generated images fixed"})


METRIC = Metric(
    name="recall",
    display="Recall",
    family="fidelity",
    direction="higher",
    measure=measure,
    estimator="clustered_mean",
    source="Kynkaanniemi et al. 2019, arXiv 1904.06991",
    cost="O((n + m)^2 d) time, shared",
    matched=True,
    min_images=6,
)
