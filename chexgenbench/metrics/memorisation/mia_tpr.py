"""Membership inference, TPR at 1 % FPR: the share of training patients who are given away almost without doubt.

The attack of `mia_auroc`, judged where it hurts (Carlini et al. 2022, "Membership inference attacks from first
principles"): an average over patients can be near chance while a few are exposed with certainty. The level is the one
that held-out patients pass at a rate of 1 %; the value is the share of members above it, 0 to 1, lower is better. A
generator that leaks nothing has the false-alarm rate.

A level for 1 % needs 99 held-out patients. With fewer, the level is their highest score, whose false-alarm rate is 1 /
(controls + 1): `false_alarm` in the extras says which rate the value was taken at (1.6 % with 60). `copies` there is
(share - false alarm) / (1 - false alarm) with an interval that counts the error of the level too: above 0 it is
evidence of a leak. The value's own interval is Wilson's and holds the level fixed.

Time and memory as for `mia_auroc`.
"""

from __future__ import annotations

from chexgenbench.held_out_level import against_held_out
from chexgenbench.membership import members_and_controls
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.training_neighbours import FEW, training_set


def measure(data: MetricInput) -> Measurement:
    """Attack scores of members and the controls' level, for the `calibrated_rate` estimator."""
    if training_set(data) is None:
        return Measurement(reason=FEW)
    scores = members_and_controls(data)
    members, controls = scores["members"], scores["controls"]
    return against_held_out(
        members,
        scores["members_cluster"],
        controls,
        data.seed,
        n_generated=len(members),
        n_reference=len(controls),
        keep=True,
    )


METRIC = Metric(
    name="mia_tpr",
    display="Membership TPR at 1 % FPR",
    family="memorisation",
    direction="lower",
    measure=measure,
    estimator="calibrated_rate",
    source="Carlini et al. 2022, arXiv 2112.03570",
    cost="O(p m d) time, O(d) memory a row",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "corpus", "probes", "controls"}),
)
