"""The utility metrics as published: one training by the published recipe, no interval."""

from __future__ import annotations

from chexgenbench.metrics.base import Measurement, MetricInput
from chexgenbench.utility.arms import ARMS
from chexgenbench.utility.measure import Recipe, measure_arms

SOURCE = "CheXGenBench, Downstream/Classification"

PUBLISHED_QUIRKS = (
    "a label that is not stated or uncertain counts as absent, in training and in the test",
    "validation holds 5 % of the images at random, so a patient may stand on both sides",
    "training images are mirrored at random, which puts the heart on the right",
    "one training, no interval; probabilities are cut at 0.5",
    "No Finding and Support Devices count like every other label",
    "tested on one real image a distinct prompt, as the other v1 metrics; the published code takes every test row",
    "trainings on an accelerator run under bfloat16 autocast here",
)


def measure_published(data: MetricInput, statistic: str, least: int = 0) -> Measurement:
    """Every arm, one training, unknown as absent.

    Args:
        least: positive and negative test images that a label needs; 0 takes all 14.
    """
    recipe = Recipe(protocol="v1", policy="zeros", trainings=1, least=least, least_patients=least)
    return measure_arms(data, statistic, ARMS, recipe, replicates=0, interval_reason="nothing was published with one")
