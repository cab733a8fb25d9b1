"""SmoothQuant's factors against the formula, written out for one layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from model_adapters.methods.mobilequant.arms import EDGE, STATIC
from model_adapters.methods.mobilequant.network import convert, linears_of, sites_of, widths_of
from model_adapters.methods.mobilequant.sites import Bits
from model_adapters.methods.mobilequant.smooth import smoothing
from model_adapters.methods.mobilequant.stages import observe
from model_adapters.methods.mobilequant.texts import Item


def test_factors_are_those_of_the_formula(llama: Callable[..., Any], embeds: torch.Tensor) -> None:
    model = convert(llama(), Bits())
    observe(model, [Item(embeds, torch.zeros(12)), Item(-2 * embeds, torch.zeros(12))])
    layer, widths = model.model.layers[1], widths_of(model.config)
    found = smoothing(layer, widths, 0.5, EDGE)
    linears, sites = linears_of(layer), sites_of(layer)
    columns = torch.cat([linears[n].weight for n in ("gate_proj", "up_proj")]).abs().amax(0)
    assert torch.allclose(found["mlp_in"], (sites["mlp_norm_out"].channels / columns).sqrt())
    # head h of 4 reads key head h // 2: its channels share one factor
    values, weights = sites["attn_out"].channels, linears["o_proj"].weight.abs().amax(0)
    assert values is not None
    for channel in (0, 5, 8, 15):
        of = [query * 8 + channel % 8 for query in (0, 1, 2, 3) if query // 2 == channel // 8]
        expected = (values[of].max() / weights[of].max()).sqrt()
        assert torch.isclose(found["value_out"][channel], expected)
    assert torch.equal(found["query_key"], torch.ones(2, 4))


def test_static_leaves_the_extra_pairs_alone(llama: Callable[..., Any], embeds: torch.Tensor) -> None:
    model = convert(llama(), Bits())
    observe(model, [Item(embeds, torch.zeros(12))])
    found = smoothing(model.model.layers[0], widths_of(model.config), 0.5, STATIC)
    assert torch.equal(found["up_down"], torch.ones(48))
    assert torch.equal(found["value_out"], torch.ones(16))
    assert found["attn_in"].std() > 0.1
