from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from leaderboards.statistics.inception_score import inception_score


def arrays(probability: NDArray, unit: NDArray) -> dict[str, NDArray]:
    units = int(unit.max()) + 1
    sums = np.zeros((units, probability.shape[1]))
    np.add.at(sums, unit, probability)
    safe = np.where(probability > 0, probability, 1.0)
    entropy = np.bincount(unit, (probability * np.log(safe)).sum(1), units)
    return {"class_sums": sums, "negative_entropy": entropy, "count": np.bincount(unit)}


def test_certain_and_uniform_over_c_classes_scores_c() -> None:
    one_hot = np.eye(7)[np.arange(140) % 7]
    estimate = inception_score(arrays(one_hot, np.arange(140) // 7))
    assert estimate.value == pytest.approx(7.0)
    assert inception_score(arrays(np.full((40, 7), 1 / 7), np.arange(40) // 2)).value == pytest.approx(1.0)


def test_equals_the_definition_by_divergences() -> None:
    p = np.random.default_rng(0).dirichlet(np.full(5, 0.3), 90)
    expected = np.exp((p * np.log(p / p.mean(0))).sum(1).mean())
    estimate = inception_score(arrays(p, np.arange(90) // 2))
    assert estimate.value == pytest.approx(expected)
    assert estimate.low < estimate.extra["bias_corrected"] < estimate.high


def test_grouping_changes_the_interval_only_and_few_units_have_none() -> None:
    p = np.random.default_rng(1).dirichlet(np.full(5, 0.3), 60)
    fine, coarse = inception_score(arrays(p, np.arange(60))), inception_score(arrays(p, np.arange(60) // 12))
    assert fine.value == pytest.approx(coarse.value)
    assert coarse.low is None and "needs 10" in str(coarse.interval_reason)
    broken = arrays(p, np.arange(60))
    broken["class_sums"] = 2 * broken["class_sums"]
    with pytest.raises(ValueError, match="add up"):
        inception_score(broken)


@pytest.mark.slow
def test_interval_covers_with_clustered_patients_and_correction_removes_bias() -> None:
    classes, alpha = 20, 0.3
    rng = np.random.default_rng(2)
    big = rng.dirichlet(np.full(classes, alpha), 400_000)
    truth = np.exp((big * np.log(np.clip(big, 1e-300, None) / big.mean(0))).sum(1).mean())
    held, corrected, plain = 0, [], []
    for _ in range(400):
        patients = rng.dirichlet(np.full(classes, alpha), 50)
        p = np.repeat(patients, 3, axis=0)
        estimate = inception_score(arrays(p, np.repeat(np.arange(50), 3)))
        held += estimate.low <= truth <= estimate.high
        corrected.append(estimate.extra["bias_corrected"])
        plain.append(estimate.value)
    assert 0.90 <= held / 400 <= 0.99
    assert abs(np.mean(corrected) - truth) < 0.3 * abs(np.mean(plain) - truth)


def test_equal_probabilities_never_round_below_one() -> None:
    """Remembered: sums stored as float32 gave a constant generator 0.9999999975, which no score can be."""
    p = np.random.default_rng(3).dirichlet(np.full(1000, 0.3))
    stored = arrays(np.tile(p, (60, 1)), np.arange(60) // 3)
    stored["class_sums"] = stored["class_sums"].astype(np.float32)
    estimate = inception_score(stored)
    assert estimate.value is not None and 1.0 <= estimate.value < 1.00001
    assert estimate.low is None or estimate.low >= 1.0
