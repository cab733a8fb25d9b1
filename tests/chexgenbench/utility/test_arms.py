from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_cohort import metric_input

from chexgenbench.metrics.base import Asked
from chexgenbench.utility.arms import Joined, TrainingSet, arm


@pytest.fixture(scope="module")
def asked() -> Asked:
    """Synthetic features are the real ones plus 100, so that each row tells where it is from."""
    found = metric_input(lambda features, rng: features + 100).synthetic
    assert found is not None
    return found


def is_synthetic(part: TrainingSet) -> np.ndarray:
    return part.features[:, 0] > 50


def test_arms_hold_the_same_cases_once_or_twice(asked: Asked) -> None:
    sets = {name: arm(asked, name) for name in ("tstr", "trtr", "mixed", "augmented")}
    assert is_synthetic(sets["tstr"]).all() and not is_synthetic(sets["trtr"]).any()
    for name in ("tstr", "trtr", "mixed"):
        ids = np.concatenate([side.ids for side in sets[name].sides])
        assert sorted(ids) == sorted(asked.images.ids), name
    assert is_synthetic(sets["mixed"]).sum() == 120
    assert len(sets["augmented"]) == 480 and is_synthetic(sets["augmented"]).sum() == 240
    with pytest.raises(KeyError, match="no arm"):
        arm(asked, "real")


def test_labels_travel_with_their_images(asked: Asked) -> None:
    mixed = arm(asked, "mixed")
    label = {case.id: case.labels["Edema"] for case in asked.images.cases}
    ids = np.concatenate([side.ids for side in mixed.sides])
    assert mixed.targets[:, 3].tolist() == [label[name] for name in ids]


def test_the_mixed_half_does_not_depend_on_the_order(asked: Asked) -> None:
    turned = asked.take(np.random.default_rng(0).permutation(240))
    chosen = [set(arm(each, "mixed").sides[1].ids) for each in (asked, turned)]
    assert chosen[0] == chosen[1]


def test_learning_curves_are_nested_and_made_of_whole_patients(asked: Asked) -> None:
    patients = [set(arm(asked, f"tstr_{percent}").patients) for percent in (25, 50)] + [set(asked.images.patients)]
    assert patients[0] < patients[1] < patients[2]
    assert len(arm(asked, "tstr_25")) == 60 and len(arm(asked, "trtr_50")) == 120, "two images of every patient"
    assert set(arm(asked, "trtr_50").patients) == patients[1]


def test_only_the_first_draw_of_a_case_is_used(asked: Asked) -> None:
    twice = asked.take(np.concatenate([np.arange(240), np.arange(240)]))
    twice = replace(twice, draw=np.repeat([0, 1], 240))
    assert len(arm(twice, "tstr")) == 240


def test_joined_images_are_looked_up_in_their_part() -> None:
    parts = [[np.full((2, 2), 10 * part + row, np.uint8) for row in range(size)] for part, size in enumerate((3, 0, 2))]
    joined = Joined(parts)
    assert [int(each[0, 0]) for each in joined] == [0, 1, 2, 20, 21] and len(joined) == 5
    assert [int(each[0, 0]) for each in joined[1:4]] == [1, 2, 20]
    with pytest.raises(IndexError):
        joined[5]


def test_weights_are_none_where_all_are_one(asked: Asked) -> None:
    assert arm(asked, "tstr").weights is None
    cases = (replace(asked.images.cases[0], weight=0.5), *asked.images.cases[1:])
    heavy = TrainingSet.of(replace(asked.images, cases=cases))
    assert heavy.weights is not None and heavy.weights[:2].tolist() == [0.5, 1.0]
