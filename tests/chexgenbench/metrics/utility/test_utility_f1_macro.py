from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_cohort import metric_input
from made_features import score
from sklearn.metrics import f1_score

from chexgenbench.metrics.utility.utility_f1_macro import METRIC, PUBLISHED
from chexgenbench.utility import measure
from chexgenbench.utility.learners import ProbeLearner


def test_it_is_scikit_learns_macro_f1() -> None:
    data = metric_input()
    measured = METRIC.measure(data)
    expected = np.mean([f1_score(measured.arrays["truth"], p >= 0.5, average="macro") for p in measured.arrays["tstr"]])
    assert score(METRIC, data).value == pytest.approx(expected, abs=1e-12)


def test_the_published_one_takes_all_fourteen_labels_and_unknown_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_learner", lambda data, recipe: ProbeLearner("enc", recipe.trainings))
    data = metric_input()
    cases = list(data.reference.cases)
    cases[0] = replace(cases[0], labels={"Edema": -1})
    data = replace(data, reference=replace(data.reference, cases=tuple(cases)), shared={})
    measured = PUBLISHED.measure(data)
    assert measured.arrays["truth"].shape == (240, 14) and set(np.unique(measured.arrays["truth"])) == {0, 1}
    assert measured.arrays["truth"][0].sum() == 0
    expected = f1_score(measured.arrays["truth"], measured.arrays["tstr"][0] >= 0.5, average="macro", zero_division=0)
    assert score(PUBLISHED, data).value == pytest.approx(expected, abs=1e-12)
