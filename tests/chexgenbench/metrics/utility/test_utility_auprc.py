from __future__ import annotations

import numpy as np
import pytest
from made_cohort import metric_input
from made_features import score
from sklearn.metrics import average_precision_score

from chexgenbench.metrics.utility.utility_auprc import METRIC


def test_it_is_scikit_learns_average_precision_of_the_stored_probabilities() -> None:
    data = metric_input()
    measured = METRIC.measure(data)
    truth = measured.arrays["truth"]
    expected = np.mean(
        [[average_precision_score(truth[:, k], p[:, k]) for k in range(3)] for p in measured.arrays["tstr"]]
    )
    found = score(METRIC, data)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.low < found.value < found.high


def test_images_of_nothing_give_the_prevalence() -> None:
    """A probe that saw only black images gives every test image the same probability."""
    data = metric_input(lambda features, rng: np.zeros_like(features))
    assert score(METRIC, data).value == pytest.approx(METRIC.measure(data).arrays["truth"].mean(), abs=1e-12)
