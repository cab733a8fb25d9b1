"""Exposure by patient: for how many training patients does some draw point at them, and how clearly in the worst case?

For each draw g of a training patient's prompt, (b - a) / (b + a) with a = |f(g) - f(the patient's own image)| and b =
|f(g) - f(nearest training image of another patient)|: 1 is the patient's own image, 0 an image as near to a stranger,
below 0 one that is nearer to a stranger. A patient's exposure is the highest of the draws, because a breach needs one
image. The value is the share of training patients whose exposure is above the level that held-out patients, asked the
same way, pass at a rate of 1 % (with fewer than 99 of them: the rate 1 / (held-out + 1), given as `false_alarm`); 0 to
1, lower is better.

Privacy is about the worst off, so the extras hold the tail: `worst`, `p99` and `p95` patient (with an interval between
order statistics), beside `held_out_worst` and `held_out_p95`, and only then `median` and `mean`. `copies` is the share
of exposed patients less false alarms, with its interval.

Unlike `mia_tpr`, which looks from the real image at what comes near it, this looks from the draw at whom it shows. Own
measure of this suite; distances are exact, in the encoder's features as they are.

Time O(n m d) for n draws, memory O(1024 d) beside the features.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.held_out_level import against_held_out
from chexgenbench.membership import closeness
from chexgenbench.metrics.base import Asked, Measurement, Metric, MetricInput
from chexgenbench.metrics.units import codes
from chexgenbench.training_neighbours import FEW, distances, near_others, training_set


def exposures(data: MetricInput, asked: Asked) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Exposure of each patient asked, and the row of `asked.real` of each."""
    own = distances(asked.images, asked.real.take(asked.target))
    scores = np.full(len(asked.real), -np.inf)
    np.maximum.at(scores, asked.target, closeness(own, near_others(data, asked.images)))
    rows = np.flatnonzero(np.isfinite(scores))
    return scores[rows], rows


def measure(data: MetricInput) -> Measurement:
    """Exposure by patient and the held-out level, for the `calibrated_rate` estimator."""
    if training_set(data) is None:
        return Measurement(reason=FEW)
    assert data.probes is not None and data.controls is not None
    scores, rows = exposures(data, data.probes)
    held_out, _ = exposures(data, data.controls)
    return against_held_out(
        scores,
        codes(data.probes.real.patients[rows]),
        held_out,
        data.seed,
        n_generated=len(data.probes),
        n_reference=len(data.controls),
        keep=True,
        tails=True,
    )


METRIC = Metric(
    name="exposure",
    display="Exposed training patients",
    family="memorisation",
    direction="lower",
    measure=measure,
    estimator="calibrated_rate",
    source="this suite",
    cost="O(n m d) time, O(d) memory a row",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "corpus", "probes", "controls"}),
)
