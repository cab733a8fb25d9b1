"""The report scores as the published scorer gives them: BLEU from 0 to 100, medians of resampled images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chexgenbench.metrics.base import Measurement, MetricInput
from chexgenbench.reports.measure import measure_reports
from chexgenbench.text_scores.base import TextScore

SOURCE = "CheXGenBench, rrg_eval/run.py (LLaVA-Rad's scorer)"

RESAMPLINGS = 500

QUIRKS = (
    "the value is the median of 500 resamplings, not the score of the test set",
    "images are resampled as if each were of another patient",
    "the writer here is nearest-report; published numbers are of a fine-tuned LLaVA-Rad, whose arms differed in epochs",
)

BLEU_QUIRK = "BLEU is from 0 to 100, as with the scorer's intervals switched on; without them it was from 0 to 1"
PERCENT_QUIRK = "from 0 to 100"


def measure_published(data: MetricInput, text_score: TextScore) -> Measurement:
    """The terms of `measure_reports` with the published resampling; blocks stay blocks where scores stay at home."""
    found = measure_reports(data, text_score)
    return found if found.reason is not None else as_published(found, data.share_reference)


def as_published(found: Measurement, share: bool) -> Measurement:
    """A measurement of v2 with the published resampling and scale."""
    cluster = found.arrays["cluster"]
    assert isinstance(cluster, np.ndarray)
    arrays = {**found.arrays, "cluster": np.arange(len(cluster), dtype=np.int64) if share else cluster}
    more: dict[str, int | float | str] = {"scale": 100.0, "centre": "median", "replicates": RESAMPLINGS, "least": 0}
    return replace(found, arrays=arrays, parameters={**found.parameters, **more})
