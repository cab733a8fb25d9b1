"""Bits of every site, as counted from the integers that pass; 16-bit sites that run at 8 are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.modules import Site
from model_adapters.methods.mobilequant.network import convert, freeze, last_hidden, parts
from model_adapters.methods.mobilequant.pipeline import bits_used
from model_adapters.methods.mobilequant.sites import NARROW, WIDE, Bits
from model_adapters.methods.mobilequant.stages import observe
from model_adapters.methods.mobilequant.texts import Item


def error_and_codes(model: Any, embeds: torch.Tensor, bits: Bits) -> tuple[float, dict[str, int], Any]:
    """Relative error of the quantised model, and the largest code that passed each kind of site."""
    aim = last_hidden(model, embeds)
    convert(model, bits)
    observe(model, [Item(embeds, torch.zeros(embeds.shape[1]))])
    most: dict[str, int] = {}
    for _, part in parts(model):
        if isinstance(part, Site):
            part.settle()
            part.watch = lambda site, codes: most.update({site.name: max(most.get(site.name, 0), int(codes.max()))})
    freeze(model)
    error = float((last_hidden(model, embeds) - aim).square().mean() / aim.square().mean())
    return error, most, model


@pytest.mark.parametrize(("activations", "wide"), [(8, 16), (6, 16), (16, 16), (8, 8)])
def test_every_site_runs_at_its_width(
    llama: Callable[..., Any], embeds: torch.Tensor, activations: int, wide: int
) -> None:
    error, most, model = error_and_codes(llama(), embeds, Bits(8, activations, wide))
    assert set(most) == {*NARROW, *WIDE}
    for name, code in most.items():
        width = activations if name in NARROW else wide
        # what was calibrated on this very input comes to the upper half of the codes somewhere
        assert 2 ** (width - 1) <= code <= 2**width - 1, name
    assert bits_used(model) == {"weight_bits": 8, "activation_bits": activations, "wide_bits": wide}
    assert error < 0.5


def test_wide_sites_matter(llama: Callable[..., Any], embeds: torch.Tensor) -> None:
    """The paper's full W8A8 fails; so does a bug that runs the wide sites at 8 bits."""
    right = error_and_codes(llama(), embeds, Bits(8, 16, 16))[0]
    wrong = error_and_codes(llama(), embeds, Bits(8, 16, 8))[0]
    assert wrong > 2 * right


def test_weights_have_one_range_or_one_a_channel() -> None:
    assert [name for name in ("q_proj", "up_proj", "down_proj") if Bits(8).per_channel(name)] == ["down_proj"]
    assert all(Bits(4).per_channel(name) for name in ("q_proj", "up_proj", "down_proj"))


@pytest.mark.parametrize(("weights", "activations", "wide"), [(1, 8, 16), (9, 8, 16), (8, 17, 16), (8, 8, 1)])
def test_widths_out_of_range_are_refused(weights: int, activations: int, wide: int) -> None:
    with pytest.raises(UserError, match="must be"):
        Bits(weights, activations, wide)


def test_an_unknown_site_is_an_error() -> None:
    with pytest.raises(KeyError):
        Bits().of_site("q_in")
