"""Our Inception-v3 against the public port's names, shapes and outputs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from model_adapters.encoders.inception_network import InceptionV3, block_a, block_e
from tests.model_adapters.encoders.tiny import fill, random_image

SHAPES: dict[str, list[int]] = json.loads((Path(__file__).parent / "inception_shapes.json").read_text())
"""Convolution -> [output, input, rows, columns] of torch-fidelity 0.4.0's class, made for the published file."""


@pytest.fixture(scope="module")
def network() -> InceptionV3:
    return fill(InceptionV3())  # type: ignore[return-value]


def test_names_and_shapes_are_the_published_ones(network: InceptionV3) -> None:
    expected: dict[str, tuple[int, ...]] = {"fc.weight": (1008, 2048), "fc.bias": (1008,)}
    for name, shape in SHAPES.items():
        expected[f"{name}.conv.weight"] = tuple(shape)
        for part in ("weight", "bias", "running_mean", "running_var"):
            expected[f"{name}.bn.{part}"] = (shape[0],)
        expected[f"{name}.bn.num_batches_tracked"] = ()
    assert {name: tuple(value.shape) for name, value in network.state_dict().items()} == expected
    assert len(SHAPES) == 94


def test_outputs_are_those_of_torch_fidelity(network: InceptionV3) -> None:
    """Same random weights, same image; the figures below were printed by torch-fidelity 0.4.0's class on CPU."""
    image = torch.from_numpy(random_image(1, 299, 299)).float()
    with torch.inference_mode():
        features = network(((image - 128) / 128).expand(1, 3, -1, -1))
        logits = network.fc(features)[0]
    assert features.shape == (1, 2048)
    chosen = [0, 320, 700, 1100, 1500, 1900, 2047]
    expected = [0.141645, 0.0542001, 0.527034, 0.0470662, 0.207175, 1.47688, 4.58607]
    np.testing.assert_allclose(features[0, chosen].numpy(), expected, rtol=2e-3)
    np.testing.assert_allclose([features.mean(), features.std()], [0.825769, 1.11317], rtol=1e-3)
    np.testing.assert_allclose(logits[[0, 500, 1007]].numpy(), [1.39924, -2.09258, -1.42017], rtol=2e-3)


def test_mean_pooling_leaves_the_padding_out() -> None:
    block = block_a(192, 32)
    block.branch_pool = torch.nn.Identity()  # type: ignore[assignment]
    ones = torch.ones(1, 192, 5, 5)
    assert torch.equal(block._pooled(ones), ones), "with the padding counted in, corners would be 4/9"


def test_last_block_pools_by_maximum() -> None:
    block = block_e(2048, "max")
    block.branch_pool = torch.nn.Identity()  # type: ignore[assignment]
    values = torch.zeros(1, 1, 5, 5)
    values[0, 0, 2, 2] = 1
    assert block._pooled(values)[0, 0].sum() == 9
