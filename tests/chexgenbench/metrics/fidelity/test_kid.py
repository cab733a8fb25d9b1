from __future__ import annotations

import numpy as np
import pytest
from made_features import both, resolved, score, side

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.fidelity.kid import METRIC, PUBLISHED, SUBSETS


def features(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(n, 32)) + shift).astype(np.float32)


def torchmetrics_kid(generated: np.ndarray, reference: np.ndarray, **options: int) -> tuple[float, float]:
    """The published call, with an encoder that returns its input."""
    import torch
    from torchmetrics.image.kid import KernelInceptionDistance

    kid = KernelInceptionDistance(feature=torch.nn.Identity(), **options).set_dtype(torch.float64)
    kid.update(torch.from_numpy(reference).double(), real=True)
    kid.update(torch.from_numpy(generated).double(), real=False)
    mean, deviation = kid.compute()
    return float(mean), float(deviation)


def test_whole_set_equals_torchmetrics() -> None:
    x, y = features(90, 0, 0.2), features(90, 1)
    expected, deviation = torchmetrics_kid(x, y, subset_size=90, subsets=3)
    assert deviation < 1e-12
    assert score(METRIC, both(x, y)).value == pytest.approx(expected, rel=1e-9)
    assert score(PUBLISHED, both(x, y)).value == pytest.approx(expected, rel=1e-9)


def test_published_subsets_of_the_larger_set_match_torchmetrics_in_distribution() -> None:
    """100 draws of 60 of 80: the means of two such runs differ by a few standard errors of the mean of subsets."""
    import torch

    x, y = features(60, 0, 0.2), features(80, 1)
    torch.manual_seed(0)
    expected, deviation = torchmetrics_kid(x, y, subset_size=60, subsets=SUBSETS)
    for data in (both(x, y), both(y, x)):
        value = score(PUBLISHED, data).value
        assert abs(value - expected) < 5 * deviation / np.sqrt(SUBSETS / 2)
    assert score(PUBLISHED, both(x, y)).low is None


def test_published_subsets_follow_the_definition_draw_by_draw() -> None:
    x, y = features(30, 2), features(45, 3)
    rng, k = np.random.default_rng(7), lambda a, b: (a.astype(float) @ b.T.astype(float) / 32 + 1) ** 3
    values = []
    for _ in range(SUBSETS):
        z = y[rng.permutation(45)[:30]]
        own = sum(k(a, a).sum() - np.trace(k(a, a)) for a in (x, z))
        values.append(own / (30 * 29) - 2 * k(x, z).mean())
    assert score(PUBLISHED, both(x, y)).value == pytest.approx(np.mean(values), rel=1e-9)


def test_floor_is_nought_on_average_and_blur_of_the_mean_is_not() -> None:
    floors = [score(METRIC, both(features(60, 10 + i), features(60, 100 + i))).value for i in range(20)]
    assert abs(np.mean(floors)) < 3 * np.std(floors) / np.sqrt(20)
    shifted = score(METRIC, both(features(60, 0, 0.5), features(60, 1)))
    assert shifted.low > 0.0


def test_pairs_of_one_patient_do_not_raise_the_floor() -> None:
    """Twin images within each side: over images the floor is above 0, over patients it is not."""
    over_patients, over_images = [], []
    for seed in range(30):
        x, y = np.repeat(features(20, seed), 3, axis=0), np.repeat(features(20, 500 + seed), 3, axis=0)
        patients = np.arange(60) // 3
        estimate = score(METRIC, MetricInput(side(x, patients, prefix="g"), side(y, patients, prefix="r"), "enc", 0))
        over_patients.append(estimate.value)
        over_images.append(estimate.extra["image_level"])
    assert abs(np.mean(over_patients)) < 3 * np.std(over_patients) / np.sqrt(30)
    assert np.mean(over_images) > 5 * np.std(over_images) / np.sqrt(30)


def test_a_private_reference_stores_only_blocks_of_patients() -> None:
    x, y = features(210, 0), features(210, 1)
    patients = np.arange(210)
    data = MetricInput(side(x, patients), side(y, patients, source=None), "enc", 0, share_reference=False)
    arrays = resolved(METRIC.measure(data), data)
    assert len(arrays["size"]) == 10 and arrays["size"].min() >= 40
    assert all(array.size <= 30 for array in arrays.values())
    assert score(METRIC, data).low is not None
