from __future__ import annotations

import numpy as np
import pytest
from made_features import both, score, side
from scipy.spatial.distance import pdist

from chexgenbench.metrics.fidelity.mmd_rbf import METRIC


def features(n: int, seed: int, scale: float = 1.0) -> np.ndarray:
    return (scale * np.random.default_rng(seed).normal(size=(n, 8)) + 5).astype(np.float32)


TRAIN = side(features(200, 9), prefix="t")


def test_equals_the_direct_formula_with_the_median_of_training_distances() -> None:
    x, y = features(50, 0), features(70, 1, 1.3)
    bandwidth = float(np.median(pdist(TRAIN.features.astype(float))))
    measured = METRIC.measure(both(x, y, train=TRAIN))
    assert measured.parameters["bandwidth"] == pytest.approx(bandwidth)

    def mean(a: np.ndarray, b: np.ndarray) -> float:
        squared = ((a[:, None].astype(float) - b[None].astype(float)) ** 2).sum(2)
        kernel = np.exp(-squared / (2 * bandwidth**2))
        return float(kernel.mean() if a is not b else (kernel.sum() - len(a)) / (len(a) * (len(a) - 1)))

    assert score(METRIC, both(x, y, train=TRAIN)).value == pytest.approx(mean(x, x) + mean(y, y) - 2 * mean(x, y))


def test_bandwidth_does_not_depend_on_what_is_scored() -> None:
    one = METRIC.measure(both(features(50, 0), features(70, 1), train=TRAIN))
    other = METRIC.measure(both(features(50, 2, 3.0), features(20, 3), train=TRAIN))
    assert one.parameters == other.parameters


def test_sees_a_difference_of_spread_and_nothing_in_its_absence() -> None:
    same = score(METRIC, both(features(150, 0), features(150, 1), train=TRAIN))
    wider = score(METRIC, both(features(150, 0, 1.4), features(150, 1), train=TRAIN))
    assert same.low < 0 < same.high
    assert wider.low > 0


def test_says_why_there_is_no_bandwidth() -> None:
    x = features(20, 0)
    assert "training" in str(METRIC.measure(both(x, x)).reason)
    assert "identical" in str(METRIC.measure(both(x, x, train=side(np.ones((9, 8))))).reason)
