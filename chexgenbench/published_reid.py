"""The published re-identification scores, which three v1 metrics summarise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chexgenbench.asked import by_prompt
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.reidentification import Similarity, own_similarity

QUIRKS = (
    "images are squashed to 224 px and not normalised, though the network was trained at 256 px with ImageNet's "
    "mean and deviation",
    "the score is rounded to four decimals",
    "no held-out prompts and no calibration: memorised patients and alike findings are not told apart",
    "the network was trained on MIMIC-CXR, the data set it judges",
    "how prompts are summarised is in no published code; here over all prompts",
    "ten fixed seeds for all prompts are replaced by per-sample seeds",
)


def scores(data: MetricInput) -> NDArray[np.float64]:
    """Similarity of each generated image to the real one of its prompt, rounded as published: float64[n]."""
    assert data.probes is not None
    return np.round(own_similarity(data.probes, Similarity(data.train, data.pair_head)), 4)


def average(data: MetricInput) -> Measurement:
    """Mean over prompts of the mean over draws."""
    assert data.probes is not None
    return _number(data, float(by_prompt(data.probes, scores(data), "mean").mean()))


def largest(data: MetricInput) -> Measurement:
    """The largest score of all."""
    return _number(data, float(scores(data).max()))


def count(data: MetricInput) -> Measurement:
    """Prompts whose largest score is above delta."""
    assert data.probes is not None
    if "delta" not in data.options:
        return Measurement(reason="the published threshold is in no code or paper that we could read: give --delta")
    best = by_prompt(data.probes, scores(data), "max")
    return _number(data, float((best > data.options["delta"]).sum()))


def published(name: str, display: str, measure: Callable[[MetricInput], Measurement], unit: str = "") -> Metric:
    """One of the three published metrics."""
    return Metric(
        name=name,
        display=display,
        family="privacy",
        direction="lower",
        measure=measure,
        estimator="scalar",
        source="CheXGenBench metrics/privacy_metrics.py, arXiv 2505.10496",
        cost="O(draws n d) time",
        unit=unit,
        per_group=False,
        floor=False,
        needs=frozenset({"encoder", "pair_head", "probes"}),
        quirks=QUIRKS,
        min_images=1,
    )


def _number(data: MetricInput, value: float) -> Measurement:
    assert data.probes is not None
    return Measurement(
        {"value": np.array([value])},
        {"interval_reason": "nothing was published with an interval"},
        n_generated=len(data.probes),
        n_reference=len(data.probes.real),
    )
