"""Utility (AUPRC): area under the precision-recall curve of a classifier trained on synthetic images.

Mean over labels of average precision, sum_k (R_k - R_(k-1)) P_k over the distinct probabilities of the test images. 0
to 1, higher is better, no unit; chance is the label's share of positives, so the value moves with the test set's
prevalence and is compared between arms and models on the same cases only. It shows rare findings that AUROC flatters.
Trained on generated images, tested on real ones; arms, labels, trainings, interval and cost are those of utility_auroc.
Not among the published metrics.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.utility.measure import measure_arms


def measure(data: MetricInput) -> Measurement:
    """Synthetic, real, and both together."""
    return measure_arms(data, "auprc", ("tstr", "trtr", "augmented"))


METRIC = Metric(
    name="utility_auprc",
    display="Utility AUPRC",
    family="utility",
    direction="higher",
    measure=measure,
    estimator="classification",
    source="Davis and Goadrich 2006 (doi 10.1145/1143844.1143874); average precision as in scikit-learn",
    cost="the trainings of utility_auroc, O(1000 n labels) for the interval",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    min_images=20,
)
