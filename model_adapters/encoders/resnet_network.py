"""ResNet-50 (He et al. 2016, arXiv 1512.03385), as torchvision and timm store it: stride on the 3 x 3 convolution.

Module names are those of the published ImageNet state dicts (conv1, bn1, layer1.0.conv1, ..., fc), so that such a file
loads key by key. torchvision's `resnet50` and timm's `resnet50` (and Siamese networks built on them) share the layout.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES, STEM, EXPANSION = 2048, 64, 4
LAYERS, WIDTHS = (3, 4, 6, 3), (64, 128, 256, 512)


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolution around a shortcut; the shortcut is a convolution where the shape changes."""

    def __init__(self, inputs: int, width: int, stride: int, shortcut: bool) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))
            if shortcut
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


def _stage(inputs: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    first = Bottleneck(inputs, width, stride, shortcut=True)
    return nn.Sequential(first, *(Bottleneck(EXPANSION * width, width, 1, shortcut=False) for _ in range(blocks - 1)))


class ResNet50(nn.Module):
    """float32[b, channels, h, w] -> float32[b, classes]; `features` gives the float32[b, 2048] before the last layer.

    Args:
        classes: outputs of the last linear layer `fc`. channels: of the input.
        stem: channels of the first convolution, 64 in ResNet-50; the others keep their ratio to it (small networks of
            the same code are trained with few, and then have 32 * stem features).
    """

    def __init__(self, classes: int = 1000, channels: int = 3, stem: int = STEM) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        inputs = stem
        for stage, (width, blocks) in enumerate(zip(WIDTHS, LAYERS, strict=True), start=1):
            narrow = width * stem // STEM
            setattr(self, f"layer{stage}", _stage(inputs, narrow, blocks, stride=1 if stage == 1 else 2))
            inputs = EXPANSION * narrow
        self.fc = nn.Linear(inputs, classes)

    def maps(self, x: Tensor) -> Tensor:
        """The last stage by position: float32[b, 2048, h / 32, w / 32]."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.max_pool2d(x, 3, stride=2, padding=1)
        for stage in range(1, len(LAYERS) + 1):
            x = getattr(self, f"layer{stage}")(x)
        return x

    def features(self, x: Tensor) -> Tensor:
        """Mean over positions of the last stage: float32[b, 2048]."""
        return self.maps(x).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.fc(self.features(x)))


class SiameseResNet50(nn.Module):
    """The re-identification network of Packhaeuser et al. 2022: sigmoid of 128 outputs, and a head on a pair's gap.

    State dict: `model.*` is a ResNet-50 with 128 outputs, `fc_end` maps |a - b| (128) to one logit.
    """

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.model = ResNet50(classes=width)
        self.fc_end = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """One branch: float32[b, 3, h, w] -> float32[b, 128] in (0, 1)."""
        return torch.sigmoid(self.model(x))
