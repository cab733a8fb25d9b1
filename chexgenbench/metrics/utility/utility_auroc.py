"""Utility (AUROC): train on synthetic, test on real. Can a classifier learn from the generated images?

A classifier is trained on images generated for training cases, with the cases' labels, and tested on the real images of
the evaluated cases. The value is the mean AUROC over labels with at least 10 positive and 10 negative test images of
at least 5 patients each. 0.5 is chance, 1 perfect, higher is better, no unit. It means little alone: beside it stand

- trtr, the same classifier trained on the real images of the same cases, and tstr_minus_trtr, the paired difference:
  what the synthetic images lack. Real images generated anew would score 0.
- mixed, half of the cases' real images replaced; augmented, real and synthetic together; augmented_minus_trtr is what
  the synthetic images add to the real ones.
- tstr_25, trtr_50, ...: learning curves, with 25 and 50 % of the training patients.
- single labels, such as tstr.Edema and tstr_minus_trtr.Edema.

The interval resamples test patients (the same for all arms) and trainings; the training images are held fixed, so it is
about these images. Cells with an unknown or uncertain label teach and score nothing. Validation is by patient. With an
encoder in the name the classifier is an L2 logistic regression on its features (3 trainings, which differ in the
validation patients); without one it is a ResNet-50 from ImageNet weights, trained end to end (5 trainings, no
horizontal flip: it moves the heart). The generator has seen the training cases, so a memoriser scores like real images
here: read it beside the memorisation family.

v1 is the published recipe: horizontal flip and 10 degrees of rotation, 5 % of the images (not patients) for
validation, what is not stated or uncertain counts as absent, one training, no interval, every class with both kinds.

Time O(trainings x arms) fits; a linear probe of 400 images of 1,280 features takes under a second.
"""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.utility.arms import ARMS, CURVE
from chexgenbench.utility.measure import measure_arms
from chexgenbench.utility.published import PUBLISHED_QUIRKS, SOURCE, measure_published

CURVES = tuple(f"{arm}_{percent}" for arm in ("tstr", "trtr") for percent in CURVE)


def measure(data: MetricInput) -> Measurement:
    """Every arm; learning curves where training is quick."""
    return measure_arms(data, "auroc", ARMS + CURVES if data.encoder else ARMS, by_label=True)


METRIC = Metric(
    name="utility_auroc",
    display="Utility AUROC",
    family="utility",
    direction="higher",
    measure=measure,
    estimator="classification",
    source="CheXGenBench, arXiv 2505.10496; train-synthetic-test-real: Esteban et al. 2017, arXiv 1706.02633",
    cost="one training for each arm and seed, O(1000 n labels) for the interval",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    min_images=20,
)

PUBLISHED = Metric(
    name="utility_auroc",
    display="Utility AUROC (published)",
    family="utility",
    direction="higher",
    measure=lambda data: measure_published(data, "auroc", least=1),
    estimator="classification",
    source=SOURCE,
    cost="one training of 20 epochs for each arm",
    per_group=False,
    floor=False,
    needs=frozenset({"synthetic"}),
    quirks=PUBLISHED_QUIRKS,
)
