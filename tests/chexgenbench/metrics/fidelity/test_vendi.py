from __future__ import annotations

import numpy as np
import pytest
from made_features import both, score

from chexgenbench.metrics.fidelity.vendi import METRIC, cosine_spectrum


def features(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def direct(x: np.ndarray) -> float:
    """Definition: eigenvalues of the n x n cosine matrix."""
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    p = np.linalg.eigvalsh(unit @ unit.T / len(x))
    p = p[p > 1e-12]
    return float(np.exp(-(p * np.log(p)).sum()))


@pytest.mark.parametrize(("n", "d"), [(40, 90), (120, 30)])
def test_equals_the_definition_on_either_side_of_n_equals_d(n: int, d: int) -> None:
    x, y = features(n, d, 0), features(50, d, 1)
    estimate = score(METRIC, both(x, y))
    assert estimate.value == pytest.approx(direct(x.astype(float) - y.astype(float).mean(0)), rel=1e-6)
    assert estimate.extra["uncentred"] == pytest.approx(direct(x.astype(float)), rel=1e-6)


def test_k_equal_orthogonal_clusters_count_k() -> None:
    x = 3 * np.repeat(np.eye(12)[:6], 20, axis=0)
    reference = np.concatenate([np.eye(12), -np.eye(12)])
    assert score(METRIC, both(x, reference)).value == pytest.approx(6.0)


def test_constant_is_one_and_order_does_not_matter() -> None:
    assert score(METRIC, both(np.ones((30, 5)), features(20, 5, 0))).value == pytest.approx(1.0)
    x, y = features(60, 20, 1), features(60, 20, 2)
    assert score(METRIC, both(x[::-1], y)).value == pytest.approx(score(METRIC, both(x, y)).value)


def test_mode_collapse_lowers_it() -> None:
    y = features(100, 20, 3)
    full, collapsed = features(100, 20, 4), np.repeat(features(4, 20, 5), 25, axis=0)
    assert score(METRIC, both(collapsed, y)).value < 4.001 < score(METRIC, both(full, y)).value


def test_images_at_the_centre_are_like_nothing() -> None:
    y = features(50, 5, 6)
    at_centre = np.zeros((10, 5), np.float32)
    assert cosine_spectrum(at_centre, np.zeros(5)).max() == 0.0
    assert score(METRIC, both(at_centre, np.concatenate([y, -y]))).value is None
