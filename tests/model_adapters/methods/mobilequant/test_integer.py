"""Integers and simulation agree code by code; what must not agree is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from model_adapters.methods.mobilequant import integer
from model_adapters.methods.mobilequant.integer import check_integers, requantise
from model_adapters.methods.mobilequant.modules import Site
from model_adapters.methods.mobilequant.network import convert, freeze, linears_of, parts
from model_adapters.methods.mobilequant.sites import Bits
from model_adapters.methods.mobilequant.stages import observe
from model_adapters.methods.mobilequant.texts import Item


def frozen(model: Any, embeds: torch.Tensor, bits: Bits) -> Any:
    convert(model, bits)
    observe(model, [Item(embeds, torch.zeros(embeds.shape[1]))])
    for _, part in parts(model):
        if isinstance(part, Site):
            part.settle()
    freeze(model)
    return model


@pytest.mark.parametrize(
    ("bits", "changes"),
    [
        (Bits(8, 8), {}),
        (Bits(4, 8), {"attention_bias": True, "mlp_bias": True}),
        (Bits(4, 6, symmetric=True), {"num_key_value_heads": 4}),
        (Bits(8, 16), {}),
    ],
)
def test_simulation_equals_integers_bit_for_bit(
    llama: Callable[..., Any], embeds: torch.Tensor, bits: Bits, changes: dict[str, Any]
) -> None:
    report = check_integers(frozen(llama(**changes), embeds, bits), [embeds, 1.5 * embeds])
    assert report.exact
    assert report.codes > 10_000
    assert report.fixed_point_most <= 1
    assert report.fixed_point_differ < 1e-3 * report.codes
    # float32 as shipped: a 16-bit step is near its last digits; up to 7 % differ, depending on the processor
    assert report.float32_differ < (0.002 if bits.activations <= 8 else 0.15) * report.codes
    # larger inputs than those of calibration leave the range somewhere
    assert report.saturated["q_out"] > 0
    assert report.accumulators > 10_000


def test_a_wrong_integer_is_seen(
    llama: Callable[..., Any], embeds: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = frozen(llama(), embeds, Bits(8, 8))
    linear = linears_of(model.model.layers[1])["up_proj"]
    assert linear.codes is not None
    right = linear.codes
    linear.codes = right.clone()
    linear.codes[0] = 255 - linear.codes[0]
    assert check_integers(model, [embeds]).float32_most > 10  # the simulation has the weights that were frozen
    linear.codes = right
    whole = integer._whole
    monkeypatch.setattr(integer, "_whole", lambda x, site: whole(x, site) + (site.name == "k_rot"))
    assert not check_integers(model, [embeds]).exact


def test_accumulators_beyond_32_bits_are_counted(
    llama: Callable[..., Any], embeds: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = frozen(llama(), embeds, Bits(8, 8))
    report = check_integers(model, [embeds])
    assert report.beyond_int32 == 0
    assert 0 < report.largest_bits < 32
    monkeypatch.setattr(integer, "INT32", 2**10)
    assert 0 < check_integers(model, [embeds]).beyond_int32 < report.accumulators


def test_shift_and_multiplier_round_as_division_does() -> None:
    generator = torch.Generator().manual_seed(0)
    accumulator = torch.randint(-(2**24), 2**24, (4000,), generator=generator)
    for ratio in (0.5, 3.7e-5, 0.9999, 1.3e-9, 2.5):
        exact = torch.round(accumulator.double() * ratio)
        found = requantise(accumulator, torch.tensor(ratio, dtype=torch.float64))
        # half a step rounds up, not to even; the multiplier has 31 bits
        assert (found - exact).abs().max() <= 1
        assert (
            ((found != exact).double().mean() < 0.3) if ratio in (0.5, 2.5) else (found == exact).double().mean() > 0.99
        )
    huge = torch.tensor([2**45, -(2**45)])
    assert requantise(huge, torch.tensor(2.0**-40, dtype=torch.float64)).tolist() == [32, -32]
