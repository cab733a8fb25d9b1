from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_cohort import metric_input
from made_features import score

from chexgenbench.metrics.utility.utility_auroc import METRIC as AUROC
from chexgenbench.metrics.utility.utility_gap import METRIC
from chexgenbench.utility.measure import subgroup_codes


def blind_to_men(data):
    """The features of men among the test images become noise: no classifier can read them."""
    reference = data.reference
    features = reference.features.copy()
    men = np.array([case.sex == "M" for case in reference.cases])
    features[men] = np.random.default_rng(5).normal(size=(men.sum(), features.shape[1]))
    return replace(data, reference=replace(reference, features=features))


def test_a_planted_gap_is_found_for_both_classifiers() -> None:
    found = score(METRIC, blind_to_men(metric_input(test=400)))
    assert found.method.startswith("sex=F less sex=M") and found.low > 0.2
    assert found.extra["trtr_gap"] == pytest.approx(found.value) == found.extra["gap.sex"]
    assert found.extra["auroc.sex=M"] == pytest.approx(0.5, abs=0.12)


def test_without_a_gap_none_is_shown() -> None:
    found = score(METRIC, metric_input(test=400))
    assert found.low < 0.0 < found.value < 0.1


def test_each_subgroup_scores_what_auroc_scores_on_its_images() -> None:
    data = metric_input(test=400)
    found = score(METRIC, data)
    women = np.flatnonzero([case.sex == "F" for case in data.reference.cases])
    alone = score(AUROC, replace(data, reference=data.reference.take(women), shared={}))
    assert found.extra["auroc.sex=F"] == pytest.approx(alone.value, abs=1e-12)


def test_subgroups_are_numbered_and_unknown_ones_marked() -> None:
    case = metric_input().reference.cases[0]
    cases = [replace(case, sex="M", view="AP", age=39.9), replace(case, sex=None, view="lateral", age=65.0)]
    assert {name: each.tolist() for name, each in subgroup_codes(cases).items()} == {
        "sex": [1, -1],
        "view": [0, -1],
        "age": [0, 2],
    }


def test_a_private_split_keeps_its_subgroups_at_home() -> None:
    measured = METRIC.measure(blind_to_men(metric_input(test=1200, shared=False)))
    assert set(measured.arrays) == {"share", "tstr", "trtr"}
    found = score(METRIC, blind_to_men(metric_input(test=1200, shared=False)))
    assert found.method.startswith("sex=F less sex=M") and found.low > 0.2
