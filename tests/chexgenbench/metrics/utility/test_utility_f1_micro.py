from __future__ import annotations

import numpy as np
import pytest
from made_cohort import metric_input
from made_features import score
from sklearn.metrics import f1_score

from chexgenbench.metrics.utility.utility_f1_micro import METRIC, PUBLISHED
from chexgenbench.utility import measure
from chexgenbench.utility.learners import ProbeLearner


def test_it_is_scikit_learns_micro_f1() -> None:
    data = metric_input()
    measured = METRIC.measure(data)
    expected = np.mean([f1_score(measured.arrays["truth"], p >= 0.5, average="micro") for p in measured.arrays["tstr"]])
    assert score(METRIC, data).value == pytest.approx(expected, abs=1e-12)


def test_labels_nobody_has_leave_the_published_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven labels without a positive image and never called add no cell that F1 counts."""
    monkeypatch.setattr(measure, "_learner", lambda data, recipe: ProbeLearner("enc", recipe.trainings))
    data = metric_input()
    measured = PUBLISHED.measure(data)
    truth, called = measured.arrays["truth"], measured.arrays["tstr"][0] >= 0.5
    assert score(PUBLISHED, data).value == pytest.approx(f1_score(truth, called, average="micro"), abs=1e-12)
    named = truth.any(axis=0)
    assert named.sum() == 3 and not called[:, ~named].any()
