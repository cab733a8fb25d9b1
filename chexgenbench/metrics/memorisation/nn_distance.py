"""Nearest-neighbour distance (AMD, DCR): how far images drawn for training prompts keep from the training set.

AMD = mean over generated images x of min over training images r of |f(x) - f(r)|, f the encoder's features (average
minimum distance of Capacity Control, arXiv 2410.22149; distance to the closest record in the literature on tabular
data). In units of the encoder; higher is less memorised. The minimum is exact, over every training image that was
searched.

A distance alone says little: it falls as the training set grows, and blurred or average-looking images lie near
everything. So the extras hold the same mean for images drawn for held-out prompts (`controls`, `held_out_prompts`) and
for held-out real images (`real`). `ratio_of_medians`, calibrated, is near 1 for a generator that keeps the distance
that real patients keep from each other, and 0 for one that copies. `above_controls` compares training with held-out
prompts of the same generator, which no fault in realism can disturb: well below 0, training prompts call up training
images.

Estimator: mean with a cluster bootstrap by patient; differences with variances by patient on both sides. The training
set is held fixed.

Time O(n m d) as in `search` (shared by the metrics of this family), memory O(1024 d) beside the features.
"""

from __future__ import annotations

import numpy as np

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.training_neighbours import FEW, drawn, near, prefixed, real, training_set


def measure(data: MetricInput) -> Measurement:
    """Distances of every side, for the `against_held_out` estimator."""
    if training_set(data) is None:
        return Measurement(reason=FEW)
    assert data.probes is not None and data.controls is not None
    probes, held_out = near(data, data.probes.images).first, near(data, data.reference).first
    arrays = {
        **drawn(data.probes.images, values=probes),
        **prefixed("controls", drawn(data.controls.images, values=near(data, data.controls.images).first)),
        **prefixed("generated", drawn(data.generated, values=near(data, data.generated).first)),
        **prefixed("real", real(data, data.reference, values=held_out)),
        "median": np.array([np.median(probes)]),
        "real_median": np.array([np.median(held_out)]),
    }
    return Measurement(arrays, {"seed": data.seed}, n_generated=len(probes), n_reference=len(held_out))


METRIC = Metric(
    name="nn_distance",
    display="Distance to training set",
    family="memorisation",
    direction="higher",
    measure=measure,
    estimator="against_held_out",
    source="Dutt et al. 2024, arXiv 2410.22149 (AMD)",
    cost="O(n m d) time, shared; O(d) memory a row",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "corpus", "probes", "controls"}),
)
