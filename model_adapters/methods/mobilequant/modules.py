"""The parts of a quantised layer: an activation site, a projection, a norm. Each can observe, quantise, or do nothing.

"off": the float model. "observe": the float model, ranges are collected. "on": values pass through the quantiser.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from model_adapters.methods.mobilequant.affine import (
    Bounds,
    affine_of,
    bounds_of,
    codes_of,
    fake_quantise,
    round_straight,
)
from model_adapters.methods.mobilequant.weight_grid import Grid, clipped, on_grid

Mode = Literal["off", "observe", "on"]


class Site(nn.Module):
    """One activation tensor: one static scale and one zero point.

    Attributes:
        name: of its role, as in `sites.py`. bits, bounds: width and lowest and highest code.
        low, high: smallest and largest value seen. channels: largest magnitude per channel, where that is kept.
        scale, zero: of the quantiser, 0-d; zero is an integer.
        stretch, shift: what is learnt: scale * exp(stretch), round(zero + highest code * shift). None: nothing is.
        watch: called with (site, codes) where somebody counts them.
    """

    low: Tensor
    high: Tensor
    scale: Tensor
    zero: Tensor

    def __init__(self, name: str, bits: int, keep_channels: bool = False) -> None:
        super().__init__()
        self.name, self.bits, self.bounds = name, bits, bounds_of(bits)
        self.mode: Mode = "off"
        self.keep_channels = keep_channels
        self.register_buffer("low", torch.tensor(torch.inf))
        self.register_buffer("high", torch.tensor(-torch.inf))
        self.register_buffer("scale", torch.tensor(1.0))
        self.register_buffer("zero", torch.tensor(0.0))
        self.channels: Tensor | None = None
        self.stretch: Tensor | None = None
        self.shift: Tensor | None = None
        self.watch: Any = None

    def forget(self) -> None:
        """Forget what was observed."""
        self.low.fill_(torch.inf)
        self.high.fill_(-torch.inf)
        self.channels = None

    def affine(self) -> tuple[Tensor, Tensor]:
        """(scale, zero) as they stand, what is learnt included."""
        if self.stretch is None or self.shift is None:
            return self.scale, self.zero
        zero = round_straight(self.zero + self.bounds[1] * self.shift).clamp(*self.bounds)
        return self.scale * torch.exp(self.stretch), zero

    def settle(self) -> None:
        """Take the observed range as the quantiser's."""
        scale, zero = affine_of(self.low, self.high, self.bits)
        self.scale.copy_(scale)
        self.zero.copy_(zero)

    def forward(self, x: Tensor) -> Tensor:
        """x, or x on the grid."""
        if self.mode == "off":
            return x
        if self.mode == "observe":
            self._observe(x.detach())
            return x
        scale, zero = self.affine()
        if self.watch is not None:
            self.watch(self, codes_of(x.detach(), scale, zero, self.bounds))
        return fake_quantise(x, scale, zero, self.bounds)

    def _observe(self, x: Tensor) -> None:
        self.low.copy_(torch.minimum(self.low, x.amin()))
        self.high.copy_(torch.maximum(self.high, x.amax()))
        if self.keep_channels:
            # [batch, heads, tokens, width of a head]: a channel is a place in a head
            most = x.abs().amax((0, 2)).reshape(-1) if x.ndim == 4 else x.abs().amax(tuple(range(x.ndim - 1)))
            self.channels = most if self.channels is None else torch.maximum(self.channels, most)


class Frozen(nn.Module):
    """What projections and norms share once they are integers.

    Attributes:
        codes, scale, zero: the integers and what they mean; None before.
    """

    weight: Tensor
    codes: Tensor | None
    scale: Tensor | None
    zero: Tensor | None

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.mode: Mode = "off"
        self.register_buffer("weight", weight.detach())
        for name in ("codes", "scale", "zero"):
            self.register_buffer(name, None)

    def refresh(self) -> None:
        """Make the weight what the codes stand for, in the precision of the scale."""
        assert self.codes is not None
        assert self.scale is not None
        assert self.zero is not None
        self.weight = (self.codes - self.zero) * self.scale


class Projection(Frozen):
    """A linear layer with quantised weights.

    Attributes:
        weight: float[out, in], bias: float[out] or None: of the float model.
        row, column: factors of the equivalent transforms, float[out] and float[in], or None.
        clip_high, clip_low: logits of the share of the range that is kept (LWC), 0-d or float[out, 1]; None: all of it.
    """

    bias: Tensor | None

    def __init__(self, linear: nn.Linear, bits: int, per_channel: bool, symmetric: bool) -> None:
        super().__init__(linear.weight)
        self.bits, self.per_channel, self.symmetric = bits, per_channel, symmetric
        self.bounds: Bounds = bounds_of(bits, symmetric)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach())
        self.row: Tensor | None = None
        self.column: Tensor | None = None
        self.clip_high: Tensor | None = None
        self.clip_low: Tensor | None = None

    def transformed(self) -> tuple[Tensor, Tensor | None]:
        """Weight and bias with the transforms in them."""
        weight, bias = self.weight, self.bias
        if self.row is not None:
            weight = weight * self.row[:, None]
            bias = None if bias is None else bias * self.row
        if self.column is not None:
            weight = weight * self.column
        return weight, bias

    def range_shape(self) -> tuple[int, ...]:
        """Shape of scale, zero and clipping: one a row, or one."""
        return (self.weight.shape[0], 1) if self.per_channel else ()

    def affine(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """(scale, zero) from the range of a weight, clipped by what is learnt."""
        low = weight.amin(1, keepdim=True) if self.per_channel else weight.amin()
        high = weight.amax(1, keepdim=True) if self.per_channel else weight.amax()
        return affine_of(*clipped(low, high, self.clip_low, self.clip_high), self.bits, self.symmetric)

    def effective(self, step: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Weight and bias as the layer uses them.

        Args:
            step: scale of the input, where it is quantised; the bias is then a multiple of step * scale, as an
                accumulator is.
        """
        if self.codes is not None:
            assert self.scale is not None
            return self.weight, _on_accumulator(self.bias, step, self.scale)
        if self.mode != "on":
            return self.transformed()
        weight, scale = on_grid(
            self.weight, self.row, self.column, self.clip_low, self.clip_high,
            Grid(self.bits, self.symmetric, self.per_channel),
        )  # fmt: skip
        bias = self.bias if self.bias is None or self.row is None else self.bias * self.row
        return weight, _on_accumulator(bias, step, scale)

    def freeze(self) -> None:
        """Turn what was learnt into integers, for good."""
        with torch.no_grad():
            weight, bias = self.transformed()
            self.scale, self.zero = self.affine(weight)
            self.codes = codes_of(weight, self.scale, self.zero, self.bounds)
            self.bias = bias
            self.refresh()
        self.row = self.column = self.clip_high = self.clip_low = None


def _on_accumulator(bias: Tensor | None, step: Tensor | None, scale: Tensor) -> Tensor | None:
    if bias is None or step is None:
        return bias
    unit = step * scale.reshape(-1)
    return round_straight(bias / unit) * unit


class Norm(Frozen):
    """Root-mean-square norm with a quantised gain, between two sites.

    Attributes:
        weight: float[width]. factor: of the equivalent transform, or None. inputs, outputs: the sites.
    """

    def __init__(self, norm: Any, bits: int, inputs: Site, outputs: Site) -> None:
        super().__init__(norm.weight)
        self.bits, self.bounds = bits, bounds_of(bits)
        self.epsilon = float(norm.variance_epsilon)
        self.factor: Tensor | None = None
        self.inputs, self.outputs = inputs, outputs

    def transformed(self) -> Tensor:
        """The gain with the transform in it."""
        return self.weight if self.factor is None else self.weight * self.factor

    def effective(self) -> Tensor:
        """The gain as the layer uses it."""
        weight = self.transformed()
        if self.codes is not None or self.mode != "on":
            return weight
        scale, zero = affine_of(weight.amin(), weight.amax(), self.bits)
        return fake_quantise(weight, scale, zero, self.bounds)

    def forward(self, x: Tensor) -> Tensor:
        """float[..., width] -> the same shape."""
        x = self.inputs(x)
        normed = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon)
        found: Tensor = self.outputs(normed * self.effective())
        return found

    def freeze(self) -> None:
        """Turn the gain into integers, for good."""
        with torch.no_grad():
            weight = self.transformed()
            self.scale, self.zero = affine_of(weight.amin(), weight.amax(), self.bits)
            self.codes = codes_of(weight, self.scale, self.zero, self.bounds)
            self.refresh()
        self.factor = None
