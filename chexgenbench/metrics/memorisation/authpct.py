"""AuthPct: the share of images drawn for training prompts that keep farther from their source than its neighbours do.

A generated image x is authentic if |f(x) - f(r)| > |f(r) - f(r')|, r the training image nearest to x and r' the
training image nearest to r (Alaa et al. 2022; as a percentage in Stein et al. 2023). In per cent; higher is better.

Real held-out images do not score 100: r is chosen for being near, and images in dense regions come out "inauthentic"
without any copying. Read the value against `real` in the extras, the same number for held-out real images:
`above_real`, with its interval, is near 0 for a generator that behaves like them, negative for copies, positive for
images that lie off the manifold. `controls` and `above_controls` compare with held-out prompts of the same generator.

r' is of another patient than r here, because follow-up images of one patient would make the radius small and copies
authentic. Exact over all training images that were searched, in the encoder's features as they are. `image_level=True`
is the published definition.

Estimator: cluster bootstrap by patient of the drawn images; differences with variances by patient on both sides.

Time O(n m d), twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side
from chexgenbench.training_neighbours import FEW, drawn, near, near_others, prefixed, real, training_set


def authentic(data: MetricInput, side: Side, *, image_level: bool = False) -> NDArray[np.bool_]:
    """bool[n], whether each image of a side is authentic.

    Args:
        image_level: r' may be any other image, as published.
    """
    assert data.corpus is not None
    found = near(data, side)
    hit, of = np.unique(found.index, return_inverse=True)
    radius = near_others(data, data.corpus.take(hit), image_level=image_level)
    return np.asarray(found.first > radius[of.reshape(-1)])


def measure(data: MetricInput) -> Measurement:
    """0/1 by image of every side, for the `against_held_out` estimator."""
    if training_set(data) is None:
        return Measurement(reason=FEW)
    assert data.probes is not None and data.controls is not None
    arrays = {
        **drawn(data.probes.images, values=authentic(data, data.probes.images)),
        **prefixed("controls", drawn(data.controls.images, values=authentic(data, data.controls.images))),
        **prefixed("generated", drawn(data.generated, values=authentic(data, data.generated))),
        **prefixed("real", real(data, data.reference, values=authentic(data, data.reference))),
    }
    parameters = {"seed": data.seed, "indicator": True, "scale": 100.0}
    return Measurement(arrays, parameters, n_generated=len(data.probes))


METRIC = Metric(
    name="authpct",
    display="AuthPct",
    family="memorisation",
    direction="higher",
    measure=measure,
    estimator="against_held_out",
    source="Alaa et al. 2022, arXiv 2102.08921",
    cost="O(n m d) time, twice; O(d) memory a row",
    unit="%",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "corpus", "probes", "controls"}),
)
