"""Every score against scikit-learn, weighted and with ties, and by closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from leaderboards.statistics.classification_scores import (
    UNKNOWN,
    auroc,
    average_precision,
    balanced_accuracy,
    calibration_error,
    eligible_labels,
    f1,
    plain_accuracy,
    score_table,
)


def made(n: int = 80, ties: bool = False, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.3
    score = 1 / (1 + np.exp(-(rng.normal(size=n) + truth)))
    return (np.round(score, 1) if ties else score), truth, rng.integers(0, 4, (5, n)).astype(float)


SCIKIT = {
    auroc: lambda y, p, w: metrics.roc_auc_score(y, p, sample_weight=w),
    average_precision: lambda y, p, w: metrics.average_precision_score(y, p, sample_weight=w),
    f1: lambda y, p, w: metrics.f1_score(y, p >= 0.5, sample_weight=w),
    balanced_accuracy: lambda y, p, w: metrics.balanced_accuracy_score(y, p >= 0.5, sample_weight=w),
    plain_accuracy: lambda y, p, w: metrics.accuracy_score(y, p >= 0.5, sample_weight=w),
}


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("score", SCIKIT, ids=lambda each: each.__name__)
def test_weighted_scores_equal_scikit_learn(score, ties: bool) -> None:
    p, y, weight = made(ties=ties)
    expected = [SCIKIT[score](y, p, w) for w in weight]
    assert score(p, y, weight) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("score", [*SCIKIT, calibration_error], ids=lambda each: each.__name__)
def test_a_weight_of_two_is_the_image_twice_and_order_does_not_matter(score) -> None:
    p, y, weight = made(ties=True, seed=3)
    times = weight[0].astype(int)
    expected = score(np.repeat(p, times), np.repeat(y, times), np.ones((1, times.sum())))
    turned = np.random.default_rng(1).permutation(len(p))
    assert score(p, y, weight[:1]) == pytest.approx(expected, abs=1e-12)
    assert score(p[turned], y[turned], weight[:1, turned]) == pytest.approx(expected, abs=1e-12)


def test_closed_forms() -> None:
    one, y = np.ones((1, 4)), np.array([True, True, False, False])
    assert auroc(np.array([0.9, 0.8, 0.2, 0.1]), y, one)[0] == 1.0
    assert auroc(np.full(4, 0.3), y, one)[0] == 0.5
    assert average_precision(np.full(4, 0.3), y, one)[0] == 0.5, "a constant score has the precision of chance"
    assert calibration_error(np.full(4, 0.5), y, one)[0] == 0.0
    assert calibration_error(np.full(4, 0.8), y, one)[0] == pytest.approx(0.3)
    assert calibration_error(np.array([1.0, 1.0, 0.0, 0.0]), y, one)[0] == 0.0, "a probability of 1 is in the last bin"
    assert balanced_accuracy(np.zeros(4), y, one)[0] == 0.5
    assert f1(np.zeros(4), np.zeros(4, bool), one)[0] == 0.0


def test_a_weighting_without_one_class_has_no_auroc() -> None:
    y = np.array([True, False, False])
    assert np.isnan(auroc(np.array([0.1, 0.2, 0.3]), y, np.array([[0.0, 1.0, 1.0]]))[0])
    assert np.isnan(average_precision(np.array([0.1, 0.2, 0.3]), y, np.array([[0.0, 1.0, 1.0]]))[0])


def test_unknown_cells_enter_no_score() -> None:
    rng = np.random.default_rng(4)
    p = rng.random((2, 60, 3))
    truth = rng.integers(0, 3, (60, 3)).astype(np.uint8)
    other = np.where(truth == UNKNOWN, 1 - p, p)
    weight = np.ones((1, 60))
    for name in ("auroc", "auprc", "f1_macro", "balanced_accuracy", "ece", "f1_micro", "accuracy"):
        assert np.array_equal(score_table(name, p, truth, weight), score_table(name, other, truth, weight)), name
    known = truth != UNKNOWN
    expected = metrics.f1_score(truth[known], p[0][known] >= 0.5)
    assert score_table("f1_micro", p, truth, weight)[0, 0, 0] == pytest.approx(expected)


def test_labels_need_images_and_patients_of_both_classes() -> None:
    truth = np.zeros((40, 4), np.uint8)
    truth[:10, 0] = 1  # ten positives of ten patients
    truth[:9, 1] = 1  # nine
    truth[:31, 2] = 1  # nine negatives
    truth[:, 3] = UNKNOWN
    cluster = np.arange(40)
    assert eligible_labels(truth, cluster, 10, 5).tolist() == [0]
    assert eligible_labels(truth, np.where(cluster < 10, 0, cluster), 10, 5).tolist() == [], "all of one patient"
    assert eligible_labels(truth, cluster, 1, 1).tolist() == [0, 1, 2]
