"""Networks as functions of a flat vector agree with torch's own modules."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from data_splits.errors import UserError
from model_adapters.methods.satm.networks import parse_network


def test_convnet_is_torchs_layers() -> None:
    network = parse_network("convnet:3:5", 8, 4)
    rng = torch.Generator().manual_seed(0)
    theta = network.start(rng) + 0.1 * torch.randn(network.size, generator=rng)
    module = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.InstanceNorm2d(3, affine=True), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(3, 5, 3, padding=1), nn.InstanceNorm2d(5, affine=True), nn.ReLU(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(20, 4),
    )  # fmt: skip
    nn.utils.vector_to_parameters(theta, module.parameters())
    x = torch.randn(6, 1, 8, 8, generator=rng)
    torch.testing.assert_close(network(theta, x), module(x), atol=1e-5, rtol=1e-4)


def test_mlp_is_torchs_layers() -> None:
    network = parse_network("mlp:7:6", 4, 3)
    theta = network.start(torch.Generator().manual_seed(1))
    module = nn.Sequential(
        nn.Flatten(), nn.Linear(16, 7), nn.ReLU(), nn.Linear(7, 6), nn.ReLU(), nn.Linear(6, 3)
    )  # fmt: skip
    nn.utils.vector_to_parameters(theta, module.parameters())
    x = torch.randn(5, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(network(theta, x), module(x))


def test_fresh_weights_are_bounded_by_fan_in_and_gains_are_one() -> None:
    network = parse_network("convnet:4", 4, 2)
    theta = network.start(torch.Generator().manual_seed(3))
    weight, bias, gain, shift = theta.split([36, 4, 4, 4, 34])[:4]
    assert weight.abs().max() <= 1 / 3 and bias.abs().max() <= 1 / 3
    assert gain.tolist() == [1.0] * 4 and shift.tolist() == [0.0] * 4
    assert torch.equal(theta, network.start(torch.Generator().manual_seed(3)))


@pytest.mark.parametrize("text", ["resnet:3", "mlp", "mlp:0", "mlp:x", "mlp:²", "mlp:999999999999", "convnet:4:4"])
def test_what_is_no_network_is_told(text: str) -> None:
    with pytest.raises(UserError, match="network"):
        parse_network(text, 6, 2)
