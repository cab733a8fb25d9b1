"""Precision: the share of generated images that look like some real one.

The share of generated images that lie in the ball of a real image, a ball reaching to its centre's 5th nearest
neighbour among the real images (Kynkaanniemi et al. 2019, eq. 1 and 2, with the strict inequality of `prdc`, which the
published benchmark calls). 0 to 1, higher is better. Outliers among the real images have large balls and inflate it;
`density` does not have that fault. It is also what a memoriser gets right: read it beside recall.

The interval resamples patients of the generated images and holds the real images, hence the balls, fixed.

Time O((n + m)^2 d), memory O(2048 (4096 + d)), shared by precision, recall, density and coverage. Defined for 6 images
a side; it depends on n and m, so groups are also compared at equal n.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import per_image


def measure(data: MetricInput) -> Measurement:
    """0/1 by generated image, for the `clustered_mean` estimator."""
    arrays = per_image(data, data.generated, values=data.neighbours.in_reference)
    return Measurement(arrays, {"seed": data.seed, "indicator": True, "conditional": "real images fixed"})


METRIC = Metric(
    name="precision",
    display="Precision",
    family="fidelity",
    direction="higher",
    measure=measure,
    estimator="clustered_mean",
    source="Kynkaanniemi et al. 2019, arXiv 1904.06991",
    cost="O((n + m)^2 d) time, shared",
    matched=True,
    min_images=6,
)
