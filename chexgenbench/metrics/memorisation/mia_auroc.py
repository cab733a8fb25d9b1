"""Membership inference, AUROC: can an attacker tell which patients the generator was trained on?

Members are the training cases whose prompts were drawn, controls held-out cases drawn as often. The attacker holds a
real image x and its prompt, draws a few images g and scores x by (b - a) / (b + a), a = min |f(x) - f(g)|, b = |f(x) -
f(nearest training image of another patient)|: how much nearer the generator comes to x than any other patient does
(distance attack of GAN-Leaks, Chen et al. 2020, with their calibration by a reference distance). The value is the
probability that a member scores above a control: 0.5 is no leak, 1 is full disclosure; lower is better.

`any_image` in the extras is the area of an attacker without prompts, who looks for the nearest of all generated images.
Values far below 0.5 are no privacy: either members and controls differ in more than membership (another site or year),
or the generator avoids the very images asked for, as the control `real-holdout` does, which shows other training
patients instead; `any_image` and `nn_ratio` see that. Distances are Euclidean in the encoder's features as they are
(`training_neighbours` says why).

Estimator: Mann-Whitney with DeLong's variance by patient, interval on the logit scale.

Time O(p m d) for p patients asked, memory O(1024 d) beside the features.
"""

from __future__ import annotations

from chexgenbench.membership import members_and_controls
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.training_neighbours import FEW, training_set


def measure(data: MetricInput) -> Measurement:
    """Attack scores of members and controls, for the `auroc` estimator."""
    if training_set(data) is None:
        return Measurement(reason=FEW)
    assert data.probes is not None and data.controls is not None
    arrays = members_and_controls(data)
    return Measurement(arrays, n_generated=len(data.probes), n_reference=len(data.controls))


METRIC = Metric(
    name="mia_auroc",
    display="Membership AUROC",
    family="memorisation",
    direction="lower",
    measure=measure,
    estimator="auroc",
    source="Chen et al. 2020, arXiv 1909.03935",
    cost="O(p m d) time, O(d) memory a row",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "corpus", "probes", "controls"}),
)
