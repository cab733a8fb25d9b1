"""The classifier behind label consistency: a probe on real images, or the class head of xrv-densenet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chexgenbench.label_classifier import LabelClassifier, label_classifier, targets
from data_splits.case import CHEXPERT_LABELS, Case
from model_adapters.encoders.xrv_densenet import PATHOLOGIES
from tests.support.made_prompts import LABELS, World


def test_targets_keep_uncertain_and_absent_labels_unknown() -> None:
    cases = (
        Case(id="a", patient="a", labels={"Edema": 1, "Pneumonia": 0, "Fracture": -1}),
        Case(id="b", patient="b"),
    )
    table = targets(World().side(cases, np.zeros((2, 3))))
    column = {name: CHEXPERT_LABELS.index(name) for name in ("Edema", "Pneumonia", "Fracture")}
    assert [table[0, column[name]] for name in column] == [1, 0, 2]
    assert (table[1] == 2).all()


def test_probe_learns_the_findings_once_a_run() -> None:
    from sklearn.metrics import roc_auc_score

    data = World(noise=0.5).input()
    found = label_classifier(data)
    assert isinstance(found, LabelClassifier)
    assert found.labels == tuple(sorted(LABELS, key=CHEXPERT_LABELS.index))
    assert label_classifier(data) is found
    shown = found(data.generated.features, LABELS)
    for column, name in enumerate(LABELS):
        truth = [case.labels[name] for case in data.generated.cases]
        assert roc_auc_score(truth, shown[:, column]) > 0.95
    again = label_classifier(World(noise=0.5).input())
    np.testing.assert_array_equal(again(data.generated.features, LABELS), shown)  # type: ignore[operator]


def test_too_little_is_told() -> None:
    data = World().input()
    assert "0 real training images" in str(label_classifier(replace(data, train=None)))
    few = replace(data, train=data.train.take(np.arange(49)))  # type: ignore[union-attr]
    assert "49 real training images" in str(label_classifier(few))
    side = data.train
    assert side is not None
    bare = replace(side, cases=tuple(replace(case, labels={}) for case in side.cases))
    assert "no label has 10 positive" in str(label_classifier(replace(data, train=bare)))


def test_class_head_of_xrv_by_name() -> None:
    weight = np.random.default_rng(0).normal(size=(18, 1024)).astype(np.float32)
    bias = np.linspace(-1, 1, 18).astype(np.float32)
    data = replace(World().input(), encoder="xrv-densenet", class_weight=weight, class_bias=bias, train=None)
    found = label_classifier(data)
    assert isinstance(found, LabelClassifier)
    features = np.random.default_rng(1).normal(size=(5, 1024)).astype(np.float32) * 0.05
    shown = found(features, ["Pleural Effusion", "Cardiomegaly", "Pleural Other"])
    rows = [PATHOLOGIES.index(name) for name in ("Effusion", "Cardiomegaly", "Pleural_Thickening")]
    expected = 1 / (1 + np.exp(-(features.astype(float) @ weight[rows].T + bias[rows])))
    np.testing.assert_allclose(shown, expected, atol=1e-6)
    assert "Hernia" not in found.labels
    assert "No Finding" not in found.labels
    short = replace(data, class_weight=weight[:4], class_bias=bias[:4])
    assert "4 outputs" in str(label_classifier(short))


def test_an_imagenet_class_head_is_not_taken_for_one_of_findings() -> None:
    data = World().input(class_weight=np.zeros((1000, 40), np.float32), class_bias=np.zeros(1000, np.float32))
    found = label_classifier(data)
    assert isinstance(found, LabelClassifier)
    assert found.name == "logistic probe"
