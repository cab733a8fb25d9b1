"""Coverage: the share of real images with a generated one in their neighbourhood.

The share of real images whose ball (to the 5th nearest real neighbour) holds a generated image (Naeem et al. 2020, eq.
3). 0 to 1, higher is better; for equal distributions and large equal n it tends to 1 - 2^-5 = 0.97, which is its
ceiling for anything but a copy. It falls when modes are missing or when few images are generated.

The interval resamples patients of the real images and holds the generated images and the balls fixed.

Time O((n + m)^2 d), memory O(2048 (4096 + d)), shared by precision, recall, density and coverage. Defined for 6 images
a side; it depends on n and m, so groups are also compared at equal n.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import per_image


def measure(data: MetricInput) -> Measurement:
    """0/1 by real image, for the `clustered_mean` estimator."""
    arrays = per_image(data, data.reference, values=data.neighbours.covered)
    return Measurement(arrays, {"seed": data.seed, "indicator": True, "conditional": "generated images fixed"})


METRIC = Metric(
    name="coverage",
    display="Coverage",
    family="fidelity",
    direction="higher",
    measure=measure,
    estimator="clustered_mean",
    source="Naeem et al. 2020, arXiv 2002.09797",
    cost="O((n + m)^2 d) time, shared",
    matched=True,
    min_images=6,
)
