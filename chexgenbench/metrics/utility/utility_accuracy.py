"""Utility (accuracy): balanced accuracy at a probability of one half of a classifier trained on synthetic images.

Mean of sensitivity and specificity, mean over labels. 0.5 for a constant answer, 1 perfect, higher is better, no unit.
Trained on generated images, tested on real ones; arms, labels, trainings, interval and cost are those of utility_auroc.

v1 is the published number, the share of right cells among all cells (image, label): a classifier that never finds
anything scores 1 less the mean prevalence, 0.8 and more.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.utility.measure import measure_arms
from chexgenbench.utility.published import PUBLISHED_QUIRKS, SOURCE, measure_published


def measure(data: MetricInput) -> Measurement:
    """Synthetic, real, and both together."""
    return measure_arms(data, "balanced_accuracy", ("tstr", "trtr", "augmented"))


METRIC = Metric(
    name="utility_accuracy",
    display="Utility accuracy",
    family="utility",
    direction="higher",
    measure=measure,
    estimator="classification",
    source="CheXGenBench, arXiv 2505.10496; Brodersen et al. 2010 (doi 10.1109/ICPR.2010.764)",
    cost="the trainings of utility_auroc, O(1000 n labels) for the interval",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    min_images=20,
)

PUBLISHED = Metric(
    name="utility_accuracy",
    display="Utility accuracy (published)",
    family="utility",
    direction="higher",
    measure=lambda data: measure_published(data, "accuracy"),
    estimator="classification",
    source=SOURCE,
    cost="the trainings of utility_auroc",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    quirks=(
        "right cells among all cells of all 14 labels: negatives rule it",
        *PUBLISHED_QUIRKS,
    ),
)
