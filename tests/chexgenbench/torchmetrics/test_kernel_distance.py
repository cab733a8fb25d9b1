from __future__ import annotations

import pytest
import torch
from made_features import score, side

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.fidelity.kid import METRIC
from chexgenbench.torchmetrics.kernel_distance import KernelDistance


def features(n: int, seed: int) -> torch.Tensor:
    return torch.randn(n, 12, generator=torch.Generator().manual_seed(seed))


def test_batches_give_the_number_of_the_metric() -> None:
    real, generated, patients = features(80, 0), features(60, 1) + 0.3, torch.arange(80) // 2
    metric = KernelDistance()
    for rows in torch.arange(80).split(33):
        metric.update(real[rows], real=True, patients=patients[rows])
        metric.update(generated[rows[rows < 60]], real=False, patients=patients[rows[rows < 60]])
    of = patients.numpy()
    expected = score(METRIC, MetricInput(side(generated.numpy(), of[:60]), side(real.numpy(), of), "enc", 0))
    value, error = metric.compute()
    assert (float(value), float(error)) == pytest.approx((expected.value, expected.se), rel=1e-9)


def test_without_patients_equals_torchmetrics_on_the_whole_set() -> None:
    from torchmetrics.image.kid import KernelInceptionDistance

    ours, theirs = KernelDistance(), KernelInceptionDistance(feature=torch.nn.Identity(), subset_size=70, subsets=1)
    for metric in (ours, theirs.set_dtype(torch.float64)):
        metric.update(features(70, 0).double(), real=True)
        metric.update(features(70, 1).double() + 0.5, real=False)
    assert float(ours.compute()[0]) == pytest.approx(float(theirs.compute()[0]), rel=1e-6)


def test_reset_forgets_and_mistakes_are_named() -> None:
    metric = KernelDistance("rbf", bandwidth=4.0)
    metric.update(features(20, 0), real=True)
    metric.update(features(20, 1), real=False)
    assert abs(float(metric.compute()[0])) < 0.1
    metric.reset()
    with pytest.raises(ValueError, match="no generated images"):
        metric.compute()
    with pytest.raises(ValueError, match="bandwidth"):
        KernelDistance("rbf")
    with pytest.raises(ValueError, match="patients"):
        metric.update(features(5, 0), real=True, patients=torch.zeros(4))
