"""The quantiser against its formula, its own autograd, and the failure of a zero point that is no integer."""

from __future__ import annotations

import pytest
import torch

from model_adapters.methods.mobilequant.affine import (
    affine_of,
    bounds_of,
    codes_of,
    fake_quantise,
    round_straight,
)


def values(n: int = 200) -> torch.Tensor:
    return torch.randn(n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(
    ("bits", "symmetric", "bounds"), [(8, False, (0, 255)), (4, True, (-8, 7)), (16, False, (0, 65535))]
)
def test_code_ranges(bits: int, symmetric: bool, bounds: tuple[int, int]) -> None:
    assert bounds_of(bits, symmetric) == bounds


@pytest.mark.parametrize("bits", [4, 6, 8, 16])
def test_within_the_range_the_error_is_at_most_half_a_step(bits: int) -> None:
    x = values()
    scale, zero = affine_of(x.amin(), x.amax(), bits)
    error = (fake_quantise(x, scale, zero, bounds_of(bits)) - x).abs().max()
    # one end may lose up to half a step more, since the zero point is rounded
    assert scale * 0.3 < error <= scale * 1.0001


@pytest.mark.parametrize(("low", "high"), [(0.5, 2.0), (-3.0, -1.0), (-1.0, 1.0), (0.0, 0.0)])
def test_zero_is_exact_and_the_zero_point_is_a_code(low: float, high: float) -> None:
    scale, zero = affine_of(torch.tensor(low), torch.tensor(high), 8)
    assert zero == zero.round()
    assert 0 <= zero <= 255
    assert fake_quantise(torch.zeros(3), scale, zero, (0, 255)).abs().max() == 0.0


def test_codes_are_what_the_value_stands_for() -> None:
    x = values()
    scale, zero = affine_of(x.amin() / 2, x.amax() / 2, 6)
    codes = codes_of(x, scale, zero, (0, 63))
    assert codes.min() == 0
    assert codes.max() == 63
    assert torch.equal((codes - zero) * scale, fake_quantise(x, scale, zero, (0, 63)))


@pytest.mark.parametrize("per_row", [False, True])
def test_gradients_are_those_of_the_formula_with_a_straight_round(per_row: bool) -> None:
    x = values().view(10, 20)
    shape = (10, 1) if per_row else ()
    start = (torch.full(shape, 0.1, dtype=torch.float64), torch.full(shape, 7.0, dtype=torch.float64))
    slope = values(200).flip(0).view(10, 20)
    found = []
    for ours in (True, False):
        leaves = [each.clone().requires_grad_() for each in (x, *start)]
        a, scale, zero = leaves
        if ours:
            out = fake_quantise(a, scale, zero, (0, 15))
        else:
            out = (torch.clamp(round_straight(a / scale) + zero, 0, 15) - zero) * scale
        found.append(torch.autograd.grad(out, leaves, slope))
    for mine, formula in zip(*found, strict=True):
        assert torch.allclose(mine, formula, atol=1e-12)


def test_a_real_zero_point_cannot_be_deployed_and_ours_can() -> None:
    """The released code trains with a real zero point; rounded for the device, another function comes out."""
    x = values()
    scale, real = torch.tensor(0.05, dtype=torch.float64), torch.tensor(60.4, dtype=torch.float64)
    trained = fake_quantise(x, scale, real, (0, 127))
    deployed = fake_quantise(x, scale, real.round(), (0, 127))
    assert (trained - deployed).abs().max() > 0.01
    ours = round_straight(real.requires_grad_())
    assert torch.equal(fake_quantise(x, scale, ours, (0, 127)), deployed)
    assert torch.autograd.grad(ours, real)[0] == 1.0
