"""Nearest-neighbour ratio test: the share of images drawn for training prompts that single out one training patient.

r(x) = |f(x) - f(nearest training image)| / |f(x) - f(nearest image of another training patient)|, 0 to 1. A copy is far
nearer to its source than to any other patient (r near 0); a new image is about as near to the second patient as to the
first (r near 1), however realistic, blurred or odd it is, which is what a plain distance cannot say. An image counts
where r is below the level that held-out real images undercut at a false-alarm rate of 1 %. The value is the share that
counts, 0 to 1, lower is better; at most about 0.01 is what chance gives (`false_alarm` in the extras states it).

The second neighbour is of another *patient*, because two images of one patient may be near each other for good reasons.
The level is a conformal quantile over held-out patients, one image each (`calibrated_rate` explains): its rate holds
for any distribution of r. `copies` in the extras turns the share into one of copies, (share - false alarm) / (1 - false
alarm), with an interval that counts the error of share and level: if every copy is below the level it covers the share
of copies, otherwise it is a lower bound. `further` is the share for held-out prompts, where a model that copies
whatever it is asked for shows too.

After the nearest-neighbour distance ratio (NNDR) used for synthetic tabular data, with Lowe's second neighbour of
another object. Distances are exact, in the encoder's features as they are (`training_neighbours` says why).

Time O(n m d), shared with `nn_distance`.
"""

from __future__ import annotations

from chexgenbench.held_out_level import against_held_out
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import codes
from chexgenbench.training_neighbours import FEW, near, one_a_patient, training_set


def measure(data: MetricInput) -> Measurement:
    """1 - r of drawn images and the held-out level, for the `calibrated_rate` estimator."""
    if training_set(data) is None:
        return Measurement(reason=FEW)
    assert data.probes is not None
    held_out = 1.0 - near(data, data.reference).ratio[one_a_patient(data.reference)]
    return against_held_out(
        1.0 - near(data, data.probes.images).ratio,
        codes(data.probes.images.patients),
        held_out,
        data.seed,
        n_generated=len(data.probes),
        n_reference=len(held_out),
        further={
            "further_scores": 1.0 - near(data, data.generated).ratio,
            "further_cluster": codes(data.generated.patients),
        },
    )


METRIC = Metric(
    name="nn_ratio",
    display="Singled-out training patients",
    family="memorisation",
    direction="lower",
    measure=measure,
    estimator="calibrated_rate",
    source="Lowe 2004 (ratio of neighbours); level by split conformal prediction",
    cost="O(n m d) time, shared; O(d) memory a row",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "corpus", "probes"}),
)
