"""Small classifiers as functions of one flat vector of weights, so that a trajectory is a list of vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_splits.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

KERNEL, LEAST_SIDE = 3, 2
MOST_WEIGHTS = 10_000_000
"""40 MB a file; the networks of the literature have a few hundred thousand."""


@dataclass(frozen=True)
class Network:
    """A classifier without weights of its own.

    convnet: `len(widths)` blocks of 3 x 3 convolution, instance normalisation, ReLU, 2 x 2 mean pooling, then a linear
    layer; the ConvNet of the condensation literature (Gidaris and Komodakis 2018). mlp: linear layers with ReLU
    between. No batch statistics: a trajectory is of weights alone.

    Attributes:
        kind: "convnet" or "mlp". widths: of the hidden layers. side: of the images. classes: outputs.
    """

    kind: str
    widths: tuple[int, ...]
    side: int
    classes: int

    @property
    def name(self) -> str:
        """As `parse_network` reads it."""
        return ":".join([self.kind, *map(str, self.widths)])

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of every tensor in the flat vector, weights and biases (of a convolution also gain and shift)."""
        found: list[tuple[int, ...]] = []
        if self.kind == "convnet":
            before = 1
            for width in self.widths:
                found += [(width, before, KERNEL, KERNEL), (width,), (width,), (width,)]
                before = width
            before *= (self.side >> len(self.widths)) ** 2
        else:
            before = self.side**2
            for width in self.widths:
                found += [(width, before), (width,)]
                before = width
        return (*found, (self.classes, before), (self.classes,))

    @property
    def size(self) -> int:
        """Numbers in the flat vector."""
        return sum(math.prod(shape) for shape in self.shapes)

    def start(self, rng: torch.Generator) -> Tensor:
        """Fresh weights, float32[size]: uniform in +-1/sqrt(fan in), gains 1, shifts 0."""
        import torch

        parts, fan, gain = [], 1, 0
        for shape in self.shapes:
            if len(shape) > 1:
                fan, gain = math.prod(shape[1:]), 0
            else:
                gain += 1
            if gain >= 2:
                parts.append(torch.full(shape, 1.0 if gain == 2 else 0.0).reshape(-1))
            else:
                parts.append((torch.rand(shape, generator=rng).reshape(-1) * 2 - 1) / math.sqrt(fan))
        return torch.cat(parts)

    def __call__(self, theta: Tensor, x: Tensor) -> Tensor:
        """Logits float32[b, classes] of float32[b, 1, side, side]."""
        from torch.nn import functional

        shapes = self.shapes
        parts = [
            flat.view(shape)
            for flat, shape in zip(theta.split([math.prod(shape) for shape in shapes]), shapes, strict=True)
        ]
        if self.kind == "convnet":
            for block in range(len(self.widths)):
                weight, bias, gain, shift = parts[4 * block : 4 * block + 4]
                x = functional.conv2d(x, weight, bias, padding=KERNEL // 2)
                x = functional.avg_pool2d(functional.relu(_normalised(x, gain, shift)), 2)
            return functional.linear(x.flatten(1), parts[-2], parts[-1])
        x = x.flatten(1)
        for layer in range(len(self.widths)):
            x = functional.relu(functional.linear(x, parts[2 * layer], parts[2 * layer + 1]))
        return functional.linear(x, parts[-2], parts[-1])


def _normalised(x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    """Instance normalisation, written out: its second derivative is that of plain arithmetic."""
    centred = x - x.mean((2, 3), keepdim=True)
    scale = (centred.square().mean((2, 3), keepdim=True) + 1e-5).rsqrt()
    return centred * scale * gain.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)


def parse_network(text: str, side: int, classes: int) -> Network:
    """The network of an input such as "convnet:16:16:16" or "mlp:64".

    Raises:
        UserError: another kind, widths that are no numbers, more weights than MOST_WEIGHTS, or more poolings than the
            image has halves.
    """
    kind, *widths = text.split(":")
    if kind not in ("convnet", "mlp") or not widths or not all(each.isdecimal() and int(each) for each in widths):
        raise UserError(f"network is {text!r}; write convnet:16:16:16 or mlp:64 (kind, then the width of each layer).")
    if kind == "convnet" and (side % (1 << len(widths)) or side >> len(widths) < LEAST_SIDE):
        raise UserError(
            f"network {text} halves an image {len(widths)} times, which {side} px do not allow. Take fewer layers, or "
            f"a side such as {LEAST_SIDE << len(widths)}."
        )
    found = Network(kind, tuple(map(int, widths)), side, classes)
    if found.size > MOST_WEIGHTS:
        raise UserError(
            f"network {text} has {found.size:,} weights at {side} px, and every epoch of every expert is kept: at most "
            f"{MOST_WEIGHTS:,}. Take narrower layers or a smaller side."
        )
    return found
