from __future__ import annotations

import numpy as np
import pytest
from made_features import both, score, side

from chexgenbench.metrics.base import MetricInput, StoredRows
from chexgenbench.metrics.fidelity import permutation_p
from chexgenbench.metrics.fidelity.permutation_p import METRIC


def features(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(n, 6)) + shift).astype(np.float32)


def test_small_for_a_shift_and_not_for_its_absence() -> None:
    assert score(METRIC, both(features(40, 0, 1.0), features(40, 1))).value == pytest.approx(0.001)
    none = [score(METRIC, both(features(40, seed), features(40, 100 + seed))).value for seed in range(10)]
    assert sum(p <= 0.05 for p in none) <= 3 and max(none) > 0.5


def test_swapping_sides_changes_no_bandwidth_and_stores_features_by_reference() -> None:
    x, y = features(1300, 0), features(1200, 1, 2.0)
    one, other = METRIC.measure(both(x, y)), METRIC.measure(both(y, x))
    assert one.parameters["bandwidth"] == other.parameters["bandwidth"]
    assert isinstance(one.arrays["generated"], StoredRows) and isinstance(one.arrays["reference"], StoredRows)


def test_private_reference_is_refused_with_a_reason() -> None:
    data = both(features(20, 0), features(20, 1), share_reference=False)
    assert "does not share" in str(METRIC.measure(data).reason)


def test_above_the_limit_whole_patients_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permutation_p, "MAX_IMAGES", 50)
    patients = np.arange(120) // 3
    data = MetricInput(side(features(120, 0), patients), side(features(120, 1), patients), "enc", 3)
    arrays = METRIC.measure(data).arrays
    rows = arrays["generated"].rows
    assert 45 <= len(rows) <= 50 and len(rows) % 3 == 0
    assert np.array_equal(rows, arrays["reference"].rows)
    assert np.array_equal(rows, METRIC.measure(data).arrays["generated"].rows)
