"""Utility (F1, macro): F1 at a probability of one half, mean over labels, of a classifier trained on synthetic images.

2 TP / (2 TP + FP + FN) for each label. 0 to 1, higher is better, no unit. A cut at one half calls rare findings hardly
ever, so the value mixes discrimination with calibration; read it beside AUROC and calibration error. Trained on
generated images, tested on real ones; arms, labels, trainings, interval and cost are those of utility_auroc. v1 takes
all 14 labels, those without a positive test image as 0.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.utility.measure import measure_arms
from chexgenbench.utility.published import PUBLISHED_QUIRKS, SOURCE, measure_published


def measure(data: MetricInput) -> Measurement:
    """Synthetic, real, and both together."""
    return measure_arms(data, "f1_macro", ("tstr", "trtr", "augmented"))


METRIC = Metric(
    name="utility_f1_macro",
    display="Utility F1 (macro)",
    family="utility",
    direction="higher",
    measure=measure,
    estimator="classification",
    source="CheXGenBench, arXiv 2505.10496",
    cost="the trainings of utility_auroc, O(1000 n labels) for the interval",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    min_images=20,
)

PUBLISHED = Metric(
    name="utility_f1_macro",
    display="Utility F1 (macro) (published)",
    family="utility",
    direction="higher",
    measure=lambda data: measure_published(data, "f1_macro"),
    estimator="classification",
    source=SOURCE,
    cost="the trainings of utility_auroc",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    quirks=(*PUBLISHED_QUIRKS,),
)
