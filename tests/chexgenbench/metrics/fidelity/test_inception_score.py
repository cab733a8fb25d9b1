from __future__ import annotations

import numpy as np
import pytest
from made_features import both, score, side

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.fidelity.inception_score import METRIC, PUBLISHED, published


def head(classes: int, dim: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    weight, bias = rng.normal(size=(classes, dim)), rng.normal(size=classes)
    return {"class_weight": weight.astype(np.float32), "class_bias": bias.astype(np.float32)}


def features(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def test_certain_over_all_classes_scores_their_number() -> None:
    x = 1000 * np.eye(8)[np.arange(80) % 8]
    data = both(x, x, class_weight=np.eye(8, dtype=np.float32), class_bias=np.zeros(8, np.float32))
    assert score(METRIC, data).value == pytest.approx(8.0)
    constant = both(np.ones((80, 8)), x, class_weight=np.eye(8, dtype=np.float32), class_bias=np.zeros(8, np.float32))
    assert score(METRIC, constant).value == pytest.approx(1.0)


def test_equals_torchmetrics_on_logits_without_splits() -> None:
    import torch
    from torchmetrics.image.inception import InceptionScore

    x, classes = features(70, 12, 1), head(9, 12)
    metric = InceptionScore(feature=torch.nn.Identity(), splits=1).set_dtype(torch.float64)
    metric.update(torch.from_numpy(x.astype(float) @ classes["class_weight"].T.astype(float) + classes["class_bias"]))
    assert score(METRIC, both(x, x, **classes)).value == pytest.approx(float(metric.compute()[0]), rel=1e-6)


@pytest.mark.parametrize("n", [100, 97])
def test_published_equals_torchmetrics_on_the_same_shuffle(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torchmetrics.image.inception import InceptionScore

    x = features(n, 32, 2)
    order = np.random.default_rng(4).permutation(n)
    monkeypatch.setattr(torch, "randperm", lambda _: torch.from_numpy(order))
    metric = InceptionScore(feature=torch.nn.Identity()).set_dtype(torch.float64)
    metric.update(torch.from_numpy(x.astype(float)))
    expected = float(metric.compute()[0])
    assert published(x, np.random.default_rng(4)) == pytest.approx(expected, rel=1e-9)
    assert score(PUBLISHED, both(x, x)).low is None


def test_units_are_blocks_of_patients_and_a_head_is_needed() -> None:
    patients = np.arange(130)
    x = side(features(130, 12, 3), patients, source=None)
    data = MetricInput(x, x, "enc", 0, share_reference=False, **head(9, 12))
    assert METRIC.measure(data).arrays["count"].min() >= 20
    assert len(METRIC.measure(both(x.features, x.features, **head(9, 12))).arrays["count"]) == 20
    assert "class head" in str(METRIC.measure(both(x.features, x.features)).reason)
