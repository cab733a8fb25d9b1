"""Density: how many real neighbourhoods a generated image lies in, against how many a real one would.

The mean number of real balls (to the 5th nearest real neighbour) around a generated image, divided by 5 (Naeem et al.
2020, eq. 2). 0 upward, about 1 for equal distributions, higher is better; above 1 the generator draws typical images
too often, so read it beside coverage.

The interval resamples patients of the generated images and holds the real images, hence the balls, fixed.

Time O((n + m)^2 d), memory O(2048 (4096 + d)), shared by precision, recall, density and coverage. Defined for 6 images
a side.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import per_image


def measure(data: MetricInput) -> Measurement:
    """Balls / k by generated image, for the `clustered_mean` estimator."""
    arrays = per_image(data, data.generated, values=data.neighbours.balls / data.neighbours.k)
    return Measurement(arrays, {"seed": data.seed, "conditional": "real images fixed"})


METRIC = Metric(
    name="density",
    display="Density",
    family="fidelity",
    direction="higher",
    measure=measure,
    estimator="clustered_mean",
    source="Naeem et al. 2020, arXiv 2002.09797",
    cost="O((n + m)^2 d) time, shared",
    matched=True,
    min_images=6,
)
