"""Utility (calibration error): do the probabilities of a classifier trained on synthetic images mean what they say?

Expected calibration error, sum over ten bins of equal width of (share of images) |mean probability - share of
positives|, mean over labels. 0 is calibrated, lower is better, unit of a probability. Trained on generated images,
tested on real ones; arms, labels, trainings, interval and cost are those of utility_auroc.

The plug-in value is biased upwards, the more the fewer images a bin holds: "if_calibrated" is what chance alone would
show, and the interval starts at 0 unless the value is larger than 97.5 % of such chance results. Above 0 its lower end
is reflected at the value and its upper end is not, which is conservative. Splits whose images stay at home get no
interval. Not among the published metrics.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.utility.measure import measure_arms


def measure(data: MetricInput) -> Measurement:
    """Synthetic, real, and both together."""
    return measure_arms(data, "ece", ("tstr", "trtr", "augmented"))


METRIC = Metric(
    name="utility_ece",
    display="Utility calibration error",
    family="utility",
    direction="lower",
    measure=measure,
    estimator="classification",
    source="Naeini et al. 2015, AAAI (expected calibration error); Guo et al. 2017, arXiv 1706.04599",
    cost="the trainings of utility_auroc, O(1000 n labels) for the interval",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    min_images=20,
)
