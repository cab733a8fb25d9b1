"""Worst subgroup gap: the largest difference in AUROC between two groups of patients, trained on synthetic images.

Groups are those of sex, view and age (below 40, 40 to 64, from 65). Within an attribute all groups are scored on the
same labels, those with at least 10 positive and 10 negative test images of 5 patients in each of them; a group without
such a label is left out, and with fewer than two groups the attribute. The value is the largest difference in mean
AUROC over attributes, for the classifier of utility_auroc trained on synthetic images. 0 is fair, lower is better, no
unit. Beside it: the same for the classifier trained on real images (trtr_gap), each group's AUROC and number of images
(auroc.sex=F, n.sex=F), and the gap of each attribute (gap.sex).

The largest of several differences is above 0 by chance alone. So the interval is that of the difference between the two
groups found farthest apart, Bonferroni-corrected for having chosen them: no gap is shown where it holds 0.
The method's name says which groups they are. Not among the published metrics.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Metric
from chexgenbench.utility.measure import measure_gap

METRIC = Metric(
    name="utility_gap",
    display="Worst subgroup gap",
    family="utility",
    direction="lower",
    measure=measure_gap,
    estimator="classification_gap",
    source="worst-case subgroup gaps: Seyyed-Kalantari et al. 2021 (doi 10.1038/s41591-021-01595-0)",
    cost="the trainings of utility_auroc, O(2000 n labels) for the interval",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    min_images=20,
)
