"""The integer reference: the same network with every product computed on integers, compared code by code.

    accumulator = sum (code_x - zero_x) (code_w - zero_w) + bias            int64, its size checked against 32 bits
    code_y = clamp(round(accumulator * scale_x scale_w / scale_y) + zero_y)

The last line is computed twice: in float64, which the simulation in float64 must equal bit for bit, and with an integer
multiplier and a shift, as a device does it. What a device computes by its own 16-bit kernels (softmax, norm statistics,
rotation, sigmoid, residual additions) is float in both.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from model_adapters.methods.mobilequant.blocks import Simulated
from model_adapters.methods.mobilequant.modules import Projection, Site
from model_adapters.methods.mobilequant.network import last_hidden, parts, set_arithmetic, set_mode

INT32 = 2**31 - 1
BITS = 31
"""Bits of an integer multiplier; fewer where an accumulator is so large that the product would not fit 63 bits."""


@dataclass
class Tally:
    """What happened in the integer products.

    Attributes:
        largest: product -> largest magnitude of an accumulator. beyond: how many accumulators need more than 32 bits.
        accumulators: how many there were.
    """

    largest: dict[str, int] = field(default_factory=dict)
    beyond: int = 0
    accumulators: int = 0

    def count(self, name: str, accumulator: Tensor) -> None:
        """Look at the accumulators of one product."""
        size = accumulator.abs()
        self.largest[name] = max(self.largest.get(name, 0), int(size.max()))
        self.beyond += int((size > INT32).sum())
        self.accumulators += size.numel()


class Integer:
    """Products on integers.

    Attributes:
        fixed_point: requantise by integer multiplier and shift; else in float64.
        tally: of the accumulators.
    """

    def __init__(self, fixed_point: bool) -> None:
        self.fixed_point, self.tally = fixed_point, Tally()

    def linear(self, x: Tensor, layer: Projection, source: Site, target: Site) -> Tensor:
        """See `blocks.Arithmetic`."""
        assert layer.codes is not None
        assert layer.scale is not None
        assert layer.zero is not None
        accumulator = torch.matmul(_whole(x, source), (layer.codes - layer.zero.long()).T)
        unit = source.scale.double() * layer.scale.double().reshape(-1)
        if layer.bias is not None:
            accumulator = accumulator + torch.round(layer.bias.double() / unit).long()
        return self._out(accumulator, unit, target, x.dtype)

    def product(self, a: Tensor, b: Tensor, sources: tuple[Site, Site], factor: float, target: Site) -> Tensor:
        """See `blocks.Arithmetic`."""
        accumulator = torch.matmul(_whole(a, sources[0]), _whole(b, sources[1]))
        unit = sources[0].scale.double() * sources[1].scale.double() * factor
        return self._out(accumulator, unit, target, a.dtype)

    def _out(self, accumulator: Tensor, unit: Tensor, target: Site, dtype: torch.dtype) -> Tensor:
        self.tally.count(target.name, accumulator)
        if not self.fixed_point:
            found: Tensor = target((accumulator.double() * unit).to(dtype))
            return found
        steps = requantise(accumulator, unit / target.scale.double())
        codes = torch.clamp(steps + target.zero.long(), *target.bounds)
        if target.watch is not None:
            target.watch(target, codes)
        return ((codes - target.zero.long()) * target.scale.double()).to(dtype)


def requantise(accumulator: Tensor, ratio: Tensor) -> Tensor:
    """round(accumulator * ratio) with nothing but an integer multiplication, an addition and a shift to the right.

    Args:
        accumulator: int64. ratio: float64, one, or one per last axis; each becomes multiplier / 2^shift, where the
            multiplier has as many bits (at most 31) as the accumulator leaves room for in 63.
    """
    room = 62 - max(1, int(accumulator.abs().max()).bit_length())
    bits = min(BITS, room)
    mantissa, exponent = torch.frexp(ratio)
    multiplier = torch.round(mantissa * 2.0**bits).long()
    shift = (bits - exponent).long()
    # ratios are far below 2^bits in any network that was calibrated: an output step is no smaller than a product's
    if bool((shift < 1).any()):
        raise ValueError("a ratio of scales is too large for a shift to the right")
    # beyond 62 places nothing of a 63-bit product is left
    shift = shift.clamp(max=62)
    return (accumulator * multiplier + (torch.ones_like(shift) << (shift - 1))) >> shift


def _whole(x: Tensor, site: Site) -> Tensor:
    """code - zero of values that lie on a site's grid, int64."""
    return torch.round(x / site.scale.to(x.dtype)).long()


@dataclass
class Report:
    """What the checker found; counts are of integer codes of all sites over all sequences.

    Attributes:
        codes: compared. float64_differ: of the float64 simulation against integers, must be 0.
        fixed_point_differ, fixed_point_most: of multiplier and shift against float64 scaling; the largest difference.
        float32_differ, float32_most: of the float32 simulation, as shipped, against integers.
        accumulators, beyond_int32, largest_bits: of the integer products; the largest accumulator's bits.
        saturated: site role -> share of its codes at an end of the range (0 where that is the float value's own end).
    """

    codes: int = 0
    float64_differ: int = 0
    fixed_point_differ: int = 0
    fixed_point_most: int = 0
    float32_differ: int = 0
    float32_most: int = 0
    accumulators: int = 0
    beyond_int32: int = 0
    largest_bits: int = 0
    saturated: dict[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether simulation and integers agree bit for bit."""
        return self.codes > 0 and self.float64_differ == 0


def check_integers(model: Any, sequences: Sequence[Tensor]) -> Report:
    """Run a frozen model on sequences of embeddings by integers and in simulation, and compare every site's codes.

    Each site's integer input is that of the integer network before it: an early difference would be seen to spread.
    Cost: int64 products have no fast kernel, so take few and short sequences of a large model; memory of the model in
    float64 besides.
    """
    exact = copy.deepcopy(model).double()
    for _, part in parts(exact):
        if not isinstance(part, Site):
            # a float32 product of code and scale is rounded; the integers know of no such rounding
            part.refresh()
    report = Report()
    ends: dict[str, list[int]] = {}
    for embeds in sequences:
        float64 = _codes(exact, embeds.double(), Simulated())
        integers = _codes(exact, embeds.double(), reference := Integer(fixed_point=False))
        fixed = _codes(exact, embeds.double(), Integer(fixed_point=True))
        float32 = _codes(model, embeds.float(), Simulated())
        sites = {name: part for name, part in parts(model) if isinstance(part, Site)}
        for name, codes in integers.items():
            report.codes += codes.numel()
            report.float64_differ += int((codes != float64[name]).sum())
            apart = (codes - fixed[name]).abs()
            report.fixed_point_differ += int((apart > 0).sum())
            report.fixed_point_most = max(report.fixed_point_most, int(apart.max()))
            apart = (codes - float32[name]).abs()
            report.float32_differ += int((apart > 0).sum())
            report.float32_most = max(report.float32_most, int(apart.max()))
            low, high = sites[name].bounds
            seen = ends.setdefault(sites[name].name, [0, 0])
            seen[0] += int(((codes == low) | (codes == high)).sum())
            seen[1] += codes.numel()
        tally = reference.tally
        report.accumulators += tally.accumulators
        report.beyond_int32 += tally.beyond
        report.largest_bits = max(report.largest_bits, *(each.bit_length() for each in tally.largest.values()))
    report.saturated = {name: hit / of for name, (hit, of) in ends.items()}
    return report


def _codes(model: Any, embeds: Tensor, arithmetic: Any) -> dict[str, Tensor]:
    """Codes of every site in one pass."""
    found: dict[str, Tensor] = {}
    set_mode(model, "on")
    set_arithmetic(model, arithmetic)
    try:
        for name, part in parts(model):
            if isinstance(part, Site):
                part.watch = lambda _, codes, name=name: found.__setitem__(name, codes)
        with torch.no_grad():
            last_hidden(model, embeds)
    finally:
        for _, part in parts(model):
            if isinstance(part, Site):
                part.watch = None
        set_arithmetic(model, Simulated())
    return found
