"""A projection's weight, transformed and rounded to its grid, as one step of autograd.

    w = row W column,   (scale, zero) = affine of [sigmoid(clip_low) min w, sigmoid(clip_high) max w]
    w' = (clamp(round(w / scale) + zero) - zero) scale

The formulas one by one give the same values bit for bit; this goes over a weight fewer times, which is what a step of
learning takes its time for (a fifth less in all). The slope of a minimum or maximum goes to one of the elements that
attain it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from model_adapters.methods.mobilequant.affine import affine_of, bounds_of


@dataclass(frozen=True)
class Grid:
    """bits, symmetric: of the codes. per_channel: one range a row."""

    bits: int
    symmetric: bool
    per_channel: bool


def on_grid(
    weight: Tensor, row: Tensor | None, column: Tensor | None, clip_low: Tensor | None, clip_high: Tensor | None,
    grid: Grid,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """(w', scale); gradients reach row, column and clipping, never the weight.

    Args:
        weight: float[out, in]. row: float[out], column: float[in], or None.
        clip_low, clip_high: logits of the share of the range that is kept, float[out, 1] or 0-d, or None.
    """
    found: tuple[Tensor, Tensor] = _OnGrid.apply(weight, row, column, clip_low, clip_high, grid)
    return found


def clipped(low: Tensor, high: Tensor, clip_low: Tensor | None, clip_high: Tensor | None) -> tuple[Tensor, Tensor]:
    """The part of a range that is kept."""
    if clip_low is not None and clip_high is not None:
        return torch.sigmoid(clip_low) * low, torch.sigmoid(clip_high) * high
    return low, high


def _transformed(weight: Tensor, row: Tensor | None, column: Tensor | None) -> Tensor:
    if row is not None:
        weight = weight * row[:, None]
        return weight if column is None else weight.mul_(column)
    return weight if column is None else weight * column


class _OnGrid(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, row: Tensor | None, column: Tensor | None, clip_low: Tensor | None,
        clip_high: Tensor | None, grid: Grid,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        w = _transformed(weight, row, column)
        rows = w if grid.per_channel else w.reshape(1, -1)
        (low, low_at), (high, high_at) = rows.min(1, keepdim=True), rows.max(1, keepdim=True)
        if not grid.per_channel:
            low, high = low.reshape(()), high.reshape(())
        scale, zero = affine_of(*clipped(low, high, clip_low, clip_high), grid.bits, grid.symmetric)
        ctx.save_for_backward(weight, row, column, clip_low, clip_high, low, low_at, high, high_at, scale, zero)
        ctx.grid = grid
        codes = w.div(scale).round_().add_(zero).clamp_(*bounds_of(grid.bits, grid.symmetric))
        return codes.sub_(zero).mul_(scale), scale

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        slope, to_scale = slopes
        weight, row, column, clip_low, clip_high, low, low_at, high, high_at, scale, zero = ctx.saved_tensors
        grid = ctx.grid
        w = _transformed(weight, row, column)
        ratio = w.div(scale)
        free = ratio.round().add_(zero)
        codes = free.clamp(*bounds_of(grid.bits, grid.symmetric))
        inside = free.eq_(codes)
        to_w = slope * inside
        share = codes.sub_(zero).sub_(ratio.mul_(inside)).mul_(slope)
        to_scale = to_scale + share.sum_to_size(scale.shape)
        to_zero = torch.sub(slope, to_w, out=share).sum_to_size(zero.shape) * -scale
        leaves: list[Any] = [
            None if each is None else each.detach().requires_grad_() for each in (low, high, clip_low, clip_high)
        ]
        with torch.enable_grad():
            ends = affine_of(*clipped(*leaves), grid.bits, grid.symmetric)
        given = [each for each in leaves if each is not None]
        # a symmetric zero point has no slope
        used = [(end, to) for end, to in zip(ends, (to_scale, to_zero), strict=True) if end.requires_grad]
        found = iter(torch.autograd.grad([e for e, _ in used], given, [t for _, t in used]))
        to_low, to_high, to_clip_low, to_clip_high = (None if each is None else next(found) for each in leaves)
        assert to_low is not None
        assert to_high is not None
        rows = to_w if grid.per_channel else to_w.view(1, -1)
        rows.scatter_add_(1, low_at, to_low.reshape(-1, 1)).scatter_add_(1, high_at, to_high.reshape(-1, 1))
        product = to_w.mul_(weight)
        to_row = to_column = None
        if ctx.needs_input_grad[1]:
            to_row = product.sum(1) if column is None else product @ column
        if ctx.needs_input_grad[2]:
            to_column = product.sum(0) if row is None else row @ product
        return None, to_row, to_column, to_clip_low, to_clip_high, None
