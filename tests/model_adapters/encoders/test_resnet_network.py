from __future__ import annotations

import numpy as np
import pytest
import torch

from model_adapters.encoders.resnet_network import ResNet50, SiameseResNet50
from tests.model_adapters.encoders.tiny import fill


def test_size_and_names_are_those_of_the_published_imagenet_files() -> None:
    """25,557,032 parameters and 320 entries (161 weights, 53 x 3 of batch normalisation); names as torchvision's."""
    network = ResNet50()
    state = network.state_dict()
    assert sum(each.numel() for each in network.parameters()) == 25_557_032
    assert len(state) == 320
    shapes = {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_var": (64,),
        "layer1.0.conv1.weight": (64, 64, 1, 1),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer1.0.downsample.1.running_mean": (256,),
        "layer1.2.conv3.weight": (256, 64, 1, 1),
        "layer2.0.conv1.weight": (128, 256, 1, 1),
        "layer2.3.bn2.bias": (128,),
        "layer3.0.conv2.weight": (256, 256, 3, 3),
        "layer3.5.conv1.weight": (256, 1024, 1, 1),
        "layer4.0.downsample.0.weight": (2048, 1024, 1, 1),
        "layer4.2.bn3.weight": (2048,),
        "fc.weight": (1000, 2048),
        "fc.bias": (1000,),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes
    assert "layer1.1.downsample.0.weight" not in state and "layer4.3.conv1.weight" not in state


def test_agrees_with_the_independent_network_of_transformers() -> None:
    """The same weights in transformers' ResNet (stride on the 3 x 3 convolution too) give the same features."""
    from transformers import ResNetConfig, ResNetModel

    ours = fill(ResNet50())
    theirs = ResNetModel(ResNetConfig(downsample_in_first_stage=False, downsample_in_bottleneck=False)).eval()
    target = {}
    for name, value in ours.state_dict().items():
        if name.startswith("fc."):
            continue
        if name.startswith(("conv1.", "bn1.")):
            kind = "convolution" if name.startswith("conv1") else "normalization"
            target[f"embedder.embedder.{kind}.{name.split('.')[1]}"] = value
            continue
        stage, block, part, *rest = name.split(".")
        where = f"encoder.stages.{int(stage[-1]) - 1}.layers.{block}"
        if part == "downsample":
            kind = ("convolution", "normalization")[int(rest[0])]
            target[f"{where}.shortcut.{kind}.{rest[1]}"] = value
        else:
            kind = "convolution" if part.startswith("conv") else "normalization"
            target[f"{where}.layer.{int(part[-1]) - 1}.{kind}.{rest[0]}"] = value
    theirs.load_state_dict(target)
    batch = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32))
    with torch.no_grad():
        expected = theirs(batch).pooler_output.flatten(1)
        np.testing.assert_allclose(ours.features(batch), expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(ours(batch), ours.fc(expected), rtol=1e-4, atol=1e-3)


def test_the_siamese_network_wraps_it_as_published() -> None:
    network = SiameseResNet50()
    state = network.state_dict()
    assert tuple(state["model.fc.weight"].shape) == (128, 2048)
    assert tuple(state["fc_end.weight"].shape) == (1, 128) and tuple(state["fc_end.bias"].shape) == (1,)
    assert len(state) == 322
    fill(network)
    batch = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 3, 64, 64)).astype(np.float32))
    with torch.no_grad():
        branch = network(batch)
        np.testing.assert_allclose(
            branch, 1 / (1 + np.exp(-network.model(batch).double().numpy().clip(-80, 80))), atol=1e-6
        )
    assert branch.shape == (2, 128)


def test_channels_can_be_other_than_three() -> None:
    assert ResNet50(classes=14, channels=1).conv1.weight.shape == (64, 1, 7, 7)
    with pytest.raises(RuntimeError, match="channels"):
        ResNet50(channels=1)(torch.zeros(1, 3, 64, 64))
