"""Label consistency: controls, the real images beside it, labels left out, private splits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chexgenbench.metrics.alignment import label_consistency
from tests.support.made_features import score
from tests.support.made_prompts import LABELS, World

METRIC = label_consistency.METRIC


@pytest.mark.parametrize("seed", range(3))
def test_controls_and_the_real_images_beside_them(seed: int) -> None:
    world = World(seed)
    found = {n: score(METRIC, paired(world, n)) for n in ("real", "shuffled", "unrelated", "constant")}
    assert found["real"].low > 0.75
    assert abs(found["real"].extra["generated_minus_real"]) < 0.06
    assert found["shuffled"].high < 0.3
    assert found["shuffled"].extra["generated_minus_real_high"] < -0.3
    assert found["unrelated"].low < 0.5 < found["unrelated"].high + 0.03
    assert found["constant"].value == 0.5
    assert all(each.extra["real"] == found["real"].extra["real"] for each in found.values())


def paired(world: World, generator: str):  # type: ignore[no-untyped-def]
    return world.input(generator)


def test_each_label_against_scikit_learn() -> None:
    from sklearn.metrics import f1_score, roc_auc_score

    from chexgenbench.label_classifier import LabelClassifier, label_classifier

    data = World(1).input()
    classify = label_classifier(data)
    assert isinstance(classify, LabelClassifier)
    shown = classify(data.generated.features, LABELS)
    truth = np.array([[case.labels[name] for name in LABELS] for case in data.generated.cases])
    found = score(METRIC, data)
    areas = [roc_auc_score(truth[:, k], shown[:, k]) for k in range(3)]
    assert found.value == pytest.approx(np.mean(areas))
    for name, area in zip(LABELS, areas, strict=True):
        assert found.extra[f"generated.{name}"] == pytest.approx(area)
    expected = np.mean([f1_score(truth[:, k], shown[:, k] >= 0.5) for k in range(3)])
    assert found.extra["f1_macro"] == pytest.approx(expected)


def test_rare_labels_are_left_out_and_named() -> None:
    data = World(1).input()
    rare = tuple(
        replace(case, labels={**case.labels, "Edema": int(row < 9), "Fracture": -1})
        for row, case in enumerate(data.generated.cases)
    )
    measured = METRIC.measure(replace(data, generated=replace(data.generated, cases=rare)))
    assert measured.parameters["left_out"] == "Edema (9 positive, 141 negative)"
    assert measured.parameters["labels"] == "Pleural Effusion|Pneumonia"
    none = tuple(replace(case, labels={}) for case in data.generated.cases)
    reason = METRIC.measure(replace(data, generated=replace(data.generated, cases=none))).reason
    assert "no label has 10 positive and 10 negative" in str(reason)


def test_without_the_real_images_of_the_cases_there_is_one_arm() -> None:
    data = World(1).input()
    measured = METRIC.measure(replace(data, reference=data.reference.take(np.arange(100))))
    assert measured.parameters["arms"] == "generated"
    assert "real" not in measured.arrays


def test_order_of_the_reference_does_not_matter() -> None:
    data = World(1).input()
    turned = replace(data, reference=data.reference.take(np.arange(150)[::-1]))
    assert score(METRIC, turned).extra["real"] == score(METRIC, data).extra["real"]


def test_a_private_split_stores_no_row_of_a_case() -> None:
    data = World(1).input(n=400)
    private = replace(data, share_reference=False)
    measured = METRIC.measure(private)
    assert max(np.asarray(array).shape[0] for array in measured.arrays.values()) == 21  # the whole, and 20 blocks of 20
    assert not {"truth", "cluster"} & set(measured.arrays)
    found = score(METRIC, private)
    assert found.value == pytest.approx(score(METRIC, data).value)
    assert found.low < found.value < found.high
