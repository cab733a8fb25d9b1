"""DenseNet-121 (Huang et al. 2017, arXiv 1608.06993) with one input channel, as torchxrayvision trained it.

Module names are those of the published state dicts.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES, GROWTH, BOTTLENECK, STEM, LAYERS = 1024, 32, 4, 64, (6, 12, 24, 16)


class DenseLayer(nn.Module):
    """Adds GROWTH channels computed from all earlier ones by a 1 x 1 and a 3 x 3 convolution."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, BOTTLENECK * GROWTH, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * GROWTH)
        self.conv2 = nn.Conv2d(BOTTLENECK * GROWTH, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(functional.relu(self.norm1(x)))
        y = self.conv2(functional.relu(self.norm2(y)))
        return torch.cat([x, y], 1)


def _transition(inputs: int) -> nn.Sequential:
    steps: list[tuple[str, nn.Module]] = [
        ("norm", nn.BatchNorm2d(inputs)),
        ("relu", nn.ReLU()),
        ("conv", nn.Conv2d(inputs, inputs // 2, 1, bias=False)),
        ("pool", nn.AvgPool2d(2, stride=2)),
    ]
    return nn.Sequential(OrderedDict(steps))


class DenseNet121(nn.Module):
    """float32[b, 1, h, w] -> features float32[b, 1024]; `classifier` is the head over the pathologies."""

    def __init__(self, classes: int = 18) -> None:
        super().__init__()
        parts: list[tuple[str, nn.Module]] = [
            ("conv0", nn.Conv2d(1, STEM, 7, stride=2, padding=3, bias=False)),
            ("norm0", nn.BatchNorm2d(STEM)),
            ("relu0", nn.ReLU()),
            ("pool0", nn.MaxPool2d(3, stride=2, padding=1)),
        ]
        channels = STEM
        for block, layers in enumerate(LAYERS, start=1):
            dense = [(f"denselayer{n + 1}", DenseLayer(channels + n * GROWTH)) for n in range(layers)]
            parts.append((f"denseblock{block}", nn.Sequential(OrderedDict(dense))))
            channels += layers * GROWTH
            if block < len(LAYERS):
                parts.append((f"transition{block}", _transition(channels)))
                channels //= 2
        parts.append(("norm5", nn.BatchNorm2d(channels)))
        self.features = nn.Sequential(OrderedDict(parts))
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        return functional.adaptive_avg_pool2d(functional.relu(self.features(x)), 1).flatten(1)
