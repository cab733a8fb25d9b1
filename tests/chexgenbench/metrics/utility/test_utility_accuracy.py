from __future__ import annotations

import numpy as np
import pytest
from made_cohort import metric_input
from made_features import score
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from chexgenbench.metrics.utility.utility_accuracy import METRIC, PUBLISHED
from chexgenbench.utility import measure
from chexgenbench.utility.learners import ProbeLearner


def test_it_is_scikit_learns_balanced_accuracy() -> None:
    data = metric_input()
    measured = METRIC.measure(data)
    truth = measured.arrays["truth"]
    expected = np.mean(
        [[balanced_accuracy_score(truth[:, k], p[:, k] >= 0.5) for k in range(3)] for p in measured.arrays["tstr"]]
    )
    assert score(METRIC, data).value == pytest.approx(expected, abs=1e-12)


def test_the_published_one_praises_a_classifier_that_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remembered quirk: flattened accuracy is ruled by negatives. Ours gives one half."""
    monkeypatch.setattr(measure, "_learner", lambda data, recipe: ProbeLearner("enc", recipe.trainings))
    data = metric_input(lambda features, rng: np.zeros_like(features))
    measured = PUBLISHED.measure(data)
    cells = accuracy_score(measured.arrays["truth"].ravel(), (measured.arrays["tstr"][0] >= 0.5).ravel())
    published = score(PUBLISHED, data).value
    assert published == pytest.approx(cells, abs=1e-12) and published > 0.9
    assert score(METRIC, data).value == 0.5
