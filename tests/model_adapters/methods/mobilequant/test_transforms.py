"""The transforms change no output, for multi-head and grouped queries; what the released code does would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from model_adapters.methods.mobilequant.network import convert, last_hidden, linears_of, norms_of, widths_of
from model_adapters.methods.mobilequant.sites import Bits
from model_adapters.methods.mobilequant.transforms import TRANSFORMS, attach, fuse, ones


def random_factors(model: Any, only: str | None = None) -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(5)
    widths = widths_of(model.config)
    found = []
    for _ in model.model.layers:
        transform = ones(widths)
        for name, factor in transform.items():
            if only in (None, name):
                factor.copy_(torch.exp(torch.randn(factor.shape, generator=generator)))
        found.append(transform)
    return found


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).abs().max() / b.abs().max())


@pytest.mark.parametrize("key_heads", [1, 2, 4])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("name", [None, *TRANSFORMS])
def test_no_transform_changes_the_function(
    llama: Callable[..., Any], embeds: torch.Tensor, key_heads: int, biased: bool, name: str | None
) -> None:
    model = llama(num_key_value_heads=key_heads, attention_bias=biased, mlp_bias=biased)
    before = last_hidden(model, embeds)
    convert(model, Bits())
    assert difference(last_hidden(model, embeds), before) < 1e-5
    for layer, factors in zip(model.model.layers, random_factors(model, name), strict=True):
        attach(layer, factors, widths_of(model.config))
    assert difference(last_hidden(model, embeds), before) < 1e-4
    weight = linears_of(model.model.layers[0])["v_proj"].transformed()[0].clone()
    for layer in model.model.layers:
        fuse(layer)
    assert torch.equal(linears_of(model.model.layers[0])["v_proj"].weight, weight)
    assert difference(last_hidden(model, embeds), before) < 1e-4


def test_a_free_query_key_vector_breaks_rotary_models(llama: Callable[..., Any], embeds: torch.Tensor) -> None:
    """The released code's factors of (v): one a channel, not one a rotary pair."""
    model = convert(llama(num_key_value_heads=4), Bits())
    before = last_hidden(model, embeds)
    free = torch.exp(torch.randn(32, generator=torch.Generator().manual_seed(0)))
    linears = linears_of(model.model.layers[0])
    linears["q_proj"].row, linears["k_proj"].row = 1.0 / free, free
    assert difference(last_hidden(model, embeds), before) > 1e-2
    tied = free.view(4, 8)[:, :4].repeat(1, 2).reshape(-1)
    linears["q_proj"].row, linears["k_proj"].row = 1.0 / tied, tied
    assert difference(last_hidden(model, embeds), before) < 1e-4


def test_grouped_queries_get_value_to_output_which_the_release_leaves_out(
    llama: Callable[..., Any], embeds: torch.Tensor
) -> None:
    """The release applies (iii) only where v and o have one width; unshared factors of o's width would be wrong."""
    model = convert(llama(num_key_value_heads=2), Bits())
    before = last_hidden(model, embeds)
    linears = linears_of(model.model.layers[0])
    assert linears["v_proj"].weight.shape[0] != linears["o_proj"].weight.shape[1]
    free = torch.exp(torch.randn(32, generator=torch.Generator().manual_seed(0)))
    linears["v_proj"].row, linears["o_proj"].column = 1.0 / free[:16], free
    assert difference(last_hidden(model, embeds), before) > 1e-2
    attach(model.model.layers[0], random_factors(model, "value_out")[0], widths_of(model.config))
    assert linears["o_proj"].column is not None
    assert linears["o_proj"].column.unique().numel() == 16
    assert difference(last_hidden(model, embeds), before) < 1e-4


def test_gradients_reach_every_factor(llama: Callable[..., Any], embeds: torch.Tensor) -> None:
    """In float the function does not depend on them; quantised, it does."""
    from model_adapters.methods.mobilequant.network import set_mode
    from model_adapters.methods.mobilequant.stages import observe
    from model_adapters.methods.mobilequant.texts import Item

    model = convert(llama(), Bits(4, 8))
    observe(model, [Item(embeds, torch.zeros(12))])
    from model_adapters.methods.mobilequant.network import parts

    for _, part in parts(model):
        if hasattr(part, "settle"):
            part.settle()
    set_mode(model, "on")
    factors = {name: each.requires_grad_() for name, each in ones(widths_of(model.config)).items()}
    attach(model.model.layers[0], factors, widths_of(model.config))
    loss = last_hidden(model, embeds).square().mean()
    slopes = torch.autograd.grad(loss, list(factors.values()))
    for name, slope in zip(factors, slopes, strict=True):
        assert slope.isfinite().all(), name
        assert slope.abs().max() > 0, name
    assert norms_of(model.model.layers[0])["attn_norm"].factor is not None
