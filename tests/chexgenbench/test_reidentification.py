from __future__ import annotations

import numpy as np
import pytest
from made_features import side
from made_patients import DIM, Patients

from chexgenbench.metrics.base import PairHead
from chexgenbench.reidentification import Calibration, Similarity, calibrate, calibration_of

RNG = np.random.default_rng(0)


def test_cosine_of_standardised_features() -> None:
    train = side(RNG.normal(5.0, 2.0, (200, 6)))
    one, other = (RNG.normal(size=(9, 6)).astype(np.float32) for _ in range(2))
    mean, std = train.features.mean(0, np.float64), train.features.std(0, np.float64)
    a, b = (one - mean) / std, (other - mean) / std
    expected = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(Similarity(train, None)(one, other), expected, rtol=1e-6)


def test_a_dead_feature_does_no_harm() -> None:
    features = RNG.normal(size=(50, 4))
    features[:, 2] = 1.0
    found = Similarity(side(features), None)
    values = found(features[:5].astype(np.float32), features[5:10].astype(np.float32))
    assert np.isfinite(values).all()
    centre = features.mean(0, keepdims=True).astype(np.float32)
    assert found(centre, centre)[0] == pytest.approx(0.0, abs=1e-6) or found(centre, centre)[0] <= 1.0


def test_a_pair_head_is_the_networks_probability() -> None:
    head = PairHead(np.array([1.0, -2.0], np.float32), 0.5)
    one, other = np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 0.25]], np.float32)
    assert Similarity(None, head)(one, other)[0] == pytest.approx(1 / (1 + np.exp(-(1.0 - 0.5 + 0.5))))
    far = np.array([[1e6, 0.0]], np.float32)
    assert Similarity(None, head)(far, other)[0] == 1.0


def test_without_a_head_training_images_are_needed() -> None:
    with pytest.raises(ValueError, match="standardised"):
        Similarity(None, None)


@pytest.mark.parametrize("draws", [1, 4, 10])
def test_the_largest_of_k_strangers_exceeds_the_threshold_in_one_percent(draws: int) -> None:
    """The false-alarm rate of what is counted, the largest of k draws: not k times as high."""
    patients = Patients(seed=1)
    train = patients.train(n=800)
    similarity = Similarity(train, None)
    found = calibrate(train, similarity, draws, seed=3)
    assert isinstance(found, Calibration)
    strangers = patients.images(patients.people(6000))
    real = np.repeat(patients.images(patients.people(6000 // draws)), draws, axis=0)[: 6000 // draws * draws]
    scores = similarity(strangers[: len(real)].astype(np.float32), real.astype(np.float32))
    rate = (scores.reshape(-1, draws).max(axis=1) > found.threshold).mean()
    assert rate == pytest.approx(0.01, abs=0.012 if draws == 10 else 0.006)
    low, high = np.quantile(found.thresholds, [0.025, 0.975])
    assert low < found.threshold < high and high - low < 0.2


def test_a_threshold_for_pairs_would_be_passed_more_often() -> None:
    """The mistake that the calibration avoids: with ten draws the rate is several times the claimed one."""
    patients = Patients(seed=2)
    train = patients.train(n=800)
    similarity = Similarity(train, None)
    single, ten = (calibrate(train, similarity, draws, seed=3) for draws in (1, 10))
    assert isinstance(single, Calibration) and isinstance(ten, Calibration)
    strangers = patients.images(patients.people(5000)).astype(np.float32)
    real = np.repeat(patients.images(patients.people(500)), 10, axis=0).astype(np.float32)
    best = similarity(strangers, real).reshape(-1, 10).max(axis=1)
    assert (best > single.threshold).mean() > 0.05 > 0.03 > (best > ten.threshold).mean()


def test_worth_on_real_pairs() -> None:
    """Nearly equal images of a patient: both numbers near 1. No difference between patients: 0.5 and 1 %."""
    alike = Patients(seed=3, spread=0.05).train()
    found = calibrate(alike, Similarity(alike, None), 4, seed=0)
    assert isinstance(found, Calibration)
    assert found.auroc is not None and found.tpr is not None and found.auroc > 0.99 and found.tpr > 0.95
    noise = side(RNG.normal(size=(600, DIM)), patients=np.repeat(np.arange(300), 2))
    found = calibrate(noise, Similarity(noise, None), 4, seed=0)
    assert isinstance(found, Calibration)
    assert found.auroc == pytest.approx(0.5, abs=0.05) and found.tpr == pytest.approx(0.01, abs=0.02)


def test_one_image_a_patient_gives_no_same_patient_pairs() -> None:
    train = Patients(seed=4).train(images=1)
    found = calibrate(train, Similarity(train, None), 4, seed=0)
    assert isinstance(found, Calibration) and found.auroc is None and found.tpr is None


def test_few_patients_are_told() -> None:
    train = Patients(seed=5).train(n=30)
    assert calibrate(train, Similarity(train, None), 4, seed=0) == "30 training patients; a threshold at 1 % needs 50"


def test_it_is_made_once() -> None:
    data = Patients(seed=6).data(0.0)
    similarity = Similarity(data.train, None)
    first = calibration_of(data, similarity, 4)
    assert calibration_of(data, similarity, 4) is first
    assert calibration_of(data, similarity, 3) is not first
