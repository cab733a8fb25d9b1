"""A made-up cohort whose features tell its reports, for tests of report scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from made_cohort import LABELS, Synthesise, metric_input

from chexgenbench.metrics.base import MetricInput, Side

WORDS = {
    "Edema": ("No pulmonary edema.", "Mild pulmonary edema."),
    "Pneumonia": ("No pneumonia.", "Right lower lobe pneumonia."),
    "No Finding": ("Old rib fracture.", "The bones are intact."),
}


def report(labels: Any) -> str:
    """Three sentences, one a label."""
    return " ".join(WORDS[name][int(labels[name])] for name in LABELS)


def reporting(side: Side) -> Side:
    """The side with a report for each case."""
    return replace(side, cases=tuple(replace(case, prompt=report(case.labels)) for case in side.cases))


def report_input(synthesise: Synthesise | None = None, *, signal: float = 3.0, **more: Any) -> MetricInput:
    """`made_cohort.metric_input` with reports; by default the generator copies the real training images."""
    data = metric_input(synthesise, signal=signal, **more)
    asked = data.synthetic
    assert asked is not None
    asked = replace(asked, images=reporting(asked.images), real=reporting(asked.real))
    return replace(data, reference=reporting(data.reference), generated=reporting(data.generated), synthetic=asked)


def shuffled(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Real images under other cases' reports."""
    return features[rng.permutation(len(features))]
