"""Our DenseNet-121 against the published parameter count and torchxrayvision's outputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model_adapters.encoders.densenet_network import DenseNet121
from tests.model_adapters.encoders.tiny import fill, random_image


@pytest.fixture(scope="module")
def network() -> DenseNet121:
    return fill(DenseNet121())  # type: ignore[return-value]


def test_parameter_count_follows_from_the_published_one(network: DenseNet121) -> None:
    """DenseNet-121 has 7,978,856 parameters with 3 input channels and 1000 classes (torchvision's table)."""
    expected = 7_978_856 - 1000 * 1025 + 18 * 1025 - 2 * 64 * 49
    assert sum(parameter.numel() for parameter in network.parameters()) == expected == 6_966_034


def test_names_of_the_published_state_dict(network: DenseNet121) -> None:
    state = network.state_dict()
    for name, shape in {
        "features.conv0.weight": (64, 1, 7, 7),
        "features.denseblock1.denselayer1.norm1.running_mean": (64,),
        "features.denseblock3.denselayer24.conv1.weight": (128, 992, 1, 1),
        "features.denseblock4.denselayer16.conv2.weight": (32, 128, 3, 3),
        "features.transition2.conv.weight": (256, 512, 1, 1),
        "features.norm5.weight": (1024,),
        "classifier.weight": (18, 1024),
    }.items():
        assert tuple(state[name].shape) == shape
    assert len(state) == 727


def test_outputs_are_those_of_torchxrayvision(network: DenseNet121) -> None:
    """Same random weights, same image; the figures were printed by torchxrayvision 1.5.7's class on CPU."""
    image = (2 * (random_image(1, 224, 224).astype(np.float32) / 255) - 1) * 1024
    with torch.inference_mode():
        features = network(torch.from_numpy(image)[None, None])
        logits = network.classifier(features)[0]
    np.testing.assert_allclose(
        features[0, [0, 100, 400, 700, 1023]].numpy(), [32.9544, 6.25098, 0.0, 225.431, 3.73879], rtol=2e-3, atol=1e-2
    )
    np.testing.assert_allclose([features.mean(), features.std()], [187.027, 251.334], rtol=1e-3)
    np.testing.assert_allclose(logits[[0, 9, 17]].numpy(), [-293.116, 127.124, 63.2179], rtol=2e-3, atol=0.2)
