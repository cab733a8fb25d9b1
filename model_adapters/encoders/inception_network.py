"""Inception-v3 as in the TensorFlow graph of December 2015 that FID is defined on.

Szegedy et al. 2016 (arXiv 1512.00567), with the three traits of that graph which other ports lack: average pooling
leaves the padding out of its mean, the last block pools by maximum instead of average, and there are 1008 classes.
Module names follow the published torch port of the weights, so that its state dict loads as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES, CLASSES, SIDE = 2048, 1008, 299


class Step(NamedTuple):
    """One convolution of a branch: attribute name, output channels, kernel (rows, columns), stride."""

    name: str
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1


class Branch(NamedTuple):
    """A chain of convolutions; `fork` are convolutions that all read the end of the chain and are concatenated."""

    chain: tuple[Step, ...]
    fork: tuple[Step, ...] = ()


Pool = Literal["mean", "max", "reduce"]


class Convolution(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], stride: int = 1, pad: bool = False) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if pad else (0, 0)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv(x)))


class Mixed(nn.Module):
    """Parallel branches and a pooling branch, concatenated over channels.

    Inside a block a convolution of stride 1 keeps the size and one of stride 2 is not padded.

    Args:
        inputs: input channels.
        branches: the convolutional branches, in the order of concatenation.
        pool: 3 x 3 pooling: "mean" or "max" (stride 1, then a 1 x 1 convolution) or "reduce" (maximum, stride 2).
        pooled: channels of the convolution behind the pooling.
    """

    def __init__(self, inputs: int, branches: Sequence[Branch], pool: Pool, pooled: int = 0) -> None:
        super().__init__()
        self.branches = tuple(branches)
        self.pool = pool
        self.outputs = 0
        for chain, fork in self.branches:
            channels = inputs
            for step in chain:
                self._add(channels, step)
                channels = step.channels
            for step in fork:
                self._add(channels, step)
            self.outputs += sum(step.channels for step in fork) if fork else channels
        if pool == "reduce":
            self.outputs += inputs
        else:
            self.branch_pool = Convolution(inputs, pooled, (1, 1))
            self.outputs += pooled

    def _add(self, inputs: int, step: Step) -> None:
        self.add_module(step.name, Convolution(inputs, step.channels, step.kernel, step.stride, pad=step.stride == 1))

    def forward(self, x: Tensor) -> Tensor:
        parts = []
        for chain, fork in self.branches:
            y = x
            for step in chain:
                y = self.get_submodule(step.name)(y)
            parts += [self.get_submodule(step.name)(y) for step in fork] if fork else [y]
        return torch.cat([*parts, self._pooled(x)], 1)

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "reduce":
            return functional.max_pool2d(x, 3, stride=2)
        if self.pool == "max":
            y = functional.max_pool2d(x, 3, stride=1, padding=1)
        else:
            y = functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        out: Tensor = self.branch_pool(y)
        return out


def _double(first: int, second: int) -> tuple[Step, Step]:
    return Step("branch3x3dbl_1", first), Step("branch3x3dbl_2", second, (3, 3))


def block_a(inputs: int, pooled: int) -> Mixed:
    """35 x 35: 1 x 1, 5 x 5 and double 3 x 3."""
    five = Branch((Step("branch5x5_1", 48), Step("branch5x5_2", 64, (5, 5))))
    double = Branch((*_double(64, 96), Step("branch3x3dbl_3", 96, (3, 3))))
    return Mixed(inputs, [Branch((Step("branch1x1", 64),)), five, double], "mean", pooled)


def block_b(inputs: int) -> Mixed:
    """35 x 35 to 17 x 17."""
    double = Branch((*_double(64, 96), Step("branch3x3dbl_3", 96, (3, 3), 2)))
    return Mixed(inputs, [Branch((Step("branch3x3", 384, (3, 3), 2),)), double], "reduce")


def block_c(inputs: int, inner: int) -> Mixed:
    """17 x 17: factorised 7 x 7."""
    row, column = (1, 7), (7, 1)
    seven = Branch((Step("branch7x7_1", inner), Step("branch7x7_2", inner, row), Step("branch7x7_3", 192, column)))
    kernels = ((1, 1), column, row, column, row)
    widths = (inner, inner, inner, inner, 192)
    double = Branch(
        tuple(Step(f"branch7x7dbl_{n}", w, k) for n, (w, k) in enumerate(zip(widths, kernels, strict=True), start=1))
    )
    return Mixed(inputs, [Branch((Step("branch1x1", 192),)), seven, double], "mean", 192)


def block_d(inputs: int) -> Mixed:
    """17 x 17 to 8 x 8."""
    three = Branch((Step("branch3x3_1", 192), Step("branch3x3_2", 320, (3, 3), 2)))
    kernels = ((1, 1), (1, 7), (7, 1))
    seven = tuple(Step(f"branch7x7x3_{n}", 192, kernel) for n, kernel in enumerate(kernels, start=1))
    return Mixed(inputs, [three, Branch((*seven, Step("branch7x7x3_4", 192, (3, 3), 2)))], "reduce")


def block_e(inputs: int, pool: Pool) -> Mixed:
    """8 x 8: forked 1 x 3 and 3 x 1."""

    def fork(name: str, ends: str) -> tuple[Step, Step]:
        return Step(f"{name}_{ends}a", 384, (1, 3)), Step(f"{name}_{ends}b", 384, (3, 1))

    three = Branch((Step("branch3x3_1", 384),), fork("branch3x3", "2"))
    double = Branch(_double(448, 384), fork("branch3x3dbl", "3"))
    return Mixed(inputs, [Branch((Step("branch1x1", 320),)), three, double], pool, 192)


class InceptionV3(nn.Module):
    """float32[b, 3, 299, 299], values (x - 128) / 128 -> pooled features float32[b, 2048]; `fc` is the class head."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, (3, 3), stride=2)
        self.Conv2d_2a_3x3 = Convolution(32, 32, (3, 3))
        self.Conv2d_2b_3x3 = Convolution(32, 64, (3, 3), pad=True)
        self.Conv2d_3b_1x1 = Convolution(64, 80, (1, 1))
        self.Conv2d_4a_3x3 = Convolution(80, 192, (3, 3))
        self.Mixed_5b = block_a(192, 32)
        self.Mixed_5c = block_a(256, 64)
        self.Mixed_5d = block_a(288, 64)
        self.Mixed_6a = block_b(288)
        self.Mixed_6b = block_c(768, 128)
        self.Mixed_6c = block_c(768, 160)
        self.Mixed_6d = block_c(768, 160)
        self.Mixed_6e = block_c(768, 192)
        self.Mixed_7a = block_d(768)
        self.Mixed_7b = block_e(1280, "mean")
        self.Mixed_7c = block_e(2048, "max")
        self.fc = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = functional.max_pool2d(x, 3, stride=2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = functional.max_pool2d(x, 3, stride=2)
        for block in (self.Mixed_5b, self.Mixed_5c, self.Mixed_5d, self.Mixed_6a, self.Mixed_6b, self.Mixed_6c):
            x = block(x)
        for block in (self.Mixed_6d, self.Mixed_6e, self.Mixed_7a, self.Mixed_7b, self.Mixed_7c):
            x = block(x)
        return functional.adaptive_avg_pool2d(x, 1).flatten(1)
