"""The torchmetrics inception score against the metric, its closed forms, and torchmetrics' own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_features import both, score

from chexgenbench.metrics.fidelity.inception_score import METRIC
from chexgenbench.torchmetrics.inception_score import InceptionScore


def test_batches_give_the_number_of_the_metric() -> None:
    rng = np.random.default_rng(0)
    features, weight, bias = rng.normal(size=(60, 9)), rng.normal(size=(5, 9)), rng.normal(size=5)
    data = both(features, features, class_weight=weight.astype(np.float32), class_bias=bias.astype(np.float32))
    metric = InceptionScore(5)
    logits = data.generated.features.astype(np.float64) @ data.class_weight.astype(np.float64).T + data.class_bias
    for batch in torch.from_numpy(logits).split(7):
        metric.update(batch)
    assert float(metric.compute()) == pytest.approx(score(METRIC, data).value, rel=1e-7)


def test_certain_and_even_is_the_number_of_classes_and_undecided_is_one() -> None:
    even, undecided = InceptionScore(8), InceptionScore(8)
    even.update(1000 * torch.eye(8))
    undecided.update(torch.zeros(20, 8))
    assert float(even.compute()) == pytest.approx(8, rel=1e-12)
    assert float(undecided.compute()) == pytest.approx(1, rel=1e-12)


def test_agrees_with_torchmetrics_on_one_split() -> None:
    from torchmetrics.image.inception import InceptionScore as Theirs

    logits = torch.randn(64, 6, generator=torch.Generator().manual_seed(1))
    theirs = Theirs(feature=torch.nn.Identity(), splits=1)
    theirs.update(logits)
    ours = InceptionScore(6)
    ours.update(logits)
    assert float(ours.compute()) == pytest.approx(float(theirs.compute()[0]), rel=1e-5)


def test_nothing_yet_is_nan_and_a_wrong_shape_is_named() -> None:
    assert torch.isnan(InceptionScore(3).compute())
    with pytest.raises(ValueError, match=r"\[n, 3\]"):
        InceptionScore(3).update(torch.zeros(4, 5))
