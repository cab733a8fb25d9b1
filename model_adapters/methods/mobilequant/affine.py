"""The affine quantiser: real number <-> integer code, with gradients to the number, the scale and the zero point.

    code = clamp(round(x / scale) + zero, low, high),   x' = (code - zero) * scale                (paper, eq. 2 to 4)

Asymmetric: codes 0 to 2^b - 1. Symmetric: -2^(b-1) to 2^(b-1) - 1 with zero = 0. Ranges always hold 0, so that a zero
point is a code and 0 is exact. The zero point is an integer, in learning too (straight-through rounding): the released
code learns it as a real number and never rounds it again, so that what is trained cannot be deployed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

SMALLEST = 1e-9
"""Least scale. The released code's 1e-5 would coarsen a 16-bit norm gain whose range is below 0.66."""

Bounds = tuple[int, int]


def bounds_of(bits: int, symmetric: bool = False) -> Bounds:
    """(lowest code, highest code)."""
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if symmetric else (0, 2**bits - 1)


class _RoundStraight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.round(x)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        return slopes[0]


def round_straight(x: Tensor) -> Tensor:
    """round(x), half to even; the gradient passes through unchanged."""
    return _RoundStraight.apply(x)


class _FakeQuantise(torch.autograd.Function):
    """As if autograd had gone through the formula with a straight-through round, but it keeps x alone in memory."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, zero: Tensor, low: int, high: int) -> Tensor:
        ctx.save_for_backward(x, scale, zero)
        ctx.bounds = (low, high)
        # in place: memory is what this waits for
        return x.div(scale).round_().add_(zero).clamp_(low, high).sub_(zero).mul_(scale)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        x, scale, zero = ctx.saved_tensors
        slope = slopes[0]
        ratio = x.div(scale)
        free = ratio.round().add_(zero)
        code = free.clamp(*ctx.bounds)
        inside = free.eq_(code)  # 0 or 1 as numbers: a mask of booleans is slower
        to_x = slope * inside
        to_scale = to_zero = None
        if ctx.needs_input_grad[1]:
            share = code.sub_(zero).sub_(ratio.mul_(inside)).mul_(slope)
            to_scale = share.sum_to_size(scale.shape)
        if ctx.needs_input_grad[2]:
            to_zero = (slope - to_x).sum_to_size(zero.shape) * -scale
        return to_x if ctx.needs_input_grad[0] else None, to_scale, to_zero, None, None


def fake_quantise(x: Tensor, scale: Tensor, zero: Tensor, bounds: Bounds) -> Tensor:
    """x rounded to the grid; scale and zero are broadcast against x."""
    return _FakeQuantise.apply(x, scale, zero, *bounds)


def codes_of(x: Tensor, scale: Tensor, zero: Tensor, bounds: Bounds) -> Tensor:
    """The integer codes of x, int64."""
    return torch.clamp(torch.round(x / scale) + zero, *bounds).long()


def affine_of(low: Tensor, high: Tensor, bits: int, symmetric: bool = False) -> tuple[Tensor, Tensor]:
    """(scale, zero) of the range [low, high], stretched to hold 0; differentiable in both ends.

    Args:
        low, high: of any one shape; zero is integer-valued in the same dtype.
    """
    low, high = low.clamp(max=0.0), high.clamp(min=0.0)
    first, last = bounds_of(bits, symmetric)
    if symmetric:
        scale = (torch.maximum(-low, high) / last).clamp(min=SMALLEST)
        return scale, torch.zeros_like(scale)
    scale = ((high - low) / last).clamp(min=SMALLEST)
    return scale, round_straight(-low / scale).clamp(first, last)
