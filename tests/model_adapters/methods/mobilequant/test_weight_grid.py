"""One step of autograd against the formulas one by one."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from model_adapters.methods.mobilequant.affine import affine_of, bounds_of, fake_quantise
from model_adapters.methods.mobilequant.weight_grid import Grid, on_grid


def formulas(
    weight: torch.Tensor, row: Any, column: Any, low: Any, high: Any, grid: Grid
) -> tuple[torch.Tensor, torch.Tensor]:
    w = weight if row is None else weight * row[:, None]
    w = w if column is None else w * column
    ends = (w.amin(1, keepdim=True), w.amax(1, keepdim=True)) if grid.per_channel else (w.amin(), w.amax())
    if low is not None:
        ends = torch.sigmoid(low) * ends[0], torch.sigmoid(high) * ends[1]
    scale, zero = affine_of(*ends, grid.bits, grid.symmetric)
    return fake_quantise(w, scale, zero, bounds_of(grid.bits, grid.symmetric)), scale


def given(dtype: torch.dtype, per_channel: bool) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    weight = torch.randn(6, 10, generator=generator, dtype=dtype)
    row, column = (torch.rand(n, generator=generator, dtype=dtype) + 0.5 for n in (6, 10))
    shape = (6, 1) if per_channel else ()
    # a share of 0.7: some weights are outside
    low, high = (torch.full(shape, 0.85, dtype=dtype) for _ in range(2))
    return [weight, row, column, low, high]


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("without", [(), (1,), (2,), (3, 4), (1, 2)])
def test_values_bit_for_bit_and_slopes(per_channel: bool, symmetric: bool, without: tuple[int, ...]) -> None:
    grid = Grid(4, symmetric, per_channel)
    for dtype in (torch.float32, torch.float64):
        found = []
        for work in (on_grid, formulas):
            leaves = [None if i in without else each for i, each in enumerate(given(dtype, per_channel))]
            learnt = [each.requires_grad_() for each in leaves[1:] if each is not None]
            weight, scale = work(*leaves, grid)  # type: ignore[arg-type]
            if work is on_grid:
                assert not torch.equal(weight, leaves[0])
            slope = torch.linspace(-1.0, 1.0, weight.numel(), dtype=dtype).view_as(weight)
            # the scale is used too: a bias is a multiple of it
            loss = (weight * slope).sum() + scale.square().sum()
            found.append((weight.detach(), scale.detach(), torch.autograd.grad(loss, learnt)))
        (ours, our_scale, our_slopes), (theirs, their_scale, their_slopes) = found
        assert torch.equal(ours, theirs)
        assert torch.equal(our_scale, their_scale)
        for mine, formula in zip(our_slopes, their_slopes, strict=True):
            assert mine.shape == formula.shape
            # of a symmetric range, one end alone decides
            assert float(formula.abs().max()) > 1e-3 or (symmetric and mine.abs().max() == 0)
            assert torch.allclose(mine, formula, rtol=1e-4 if dtype == torch.float32 else 1e-10)
