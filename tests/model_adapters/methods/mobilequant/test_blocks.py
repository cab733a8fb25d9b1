"""Turned off, the layers are transformers' own: same outputs, with and without a cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import DynamicCache

from model_adapters.methods.mobilequant.network import convert, freeze, set_mode
from model_adapters.methods.mobilequant.sites import Bits
from model_adapters.methods.mobilequant.stages import observe, ranges
from model_adapters.methods.mobilequant.texts import Item


@pytest.mark.parametrize(
    "changes", [{}, {"num_key_value_heads": 4}, {"attention_bias": True, "mlp_bias": True, "head_dim": 12}]
)
def test_off_it_is_the_float_model(llama: Callable[..., Any], changes: dict[str, Any]) -> None:
    ids = torch.arange(20).view(2, 10)
    before = llama(**changes)(input_ids=ids).logits
    after = convert(llama(**changes), Bits())(input_ids=ids).logits
    assert torch.allclose(after, before, atol=1e-3, rtol=1e-5)


def test_a_quantised_answer_does_not_depend_on_how_it_was_cached(llama: Callable[..., Any], tmp_path: Any) -> None:
    model = convert(llama(), Bits(8, 8))
    ids = torch.arange(12)[None]
    items = [Item(model.model.embed_tokens(ids), ids[0])]
    ranges(model, items, tmp_path / "ranges.safetensors")
    freeze(model)
    whole = model(input_ids=ids).logits
    cache = DynamicCache()
    steps = [model(input_ids=ids[:, i : i + 1], past_key_values=cache, use_cache=True).logits for i in range(12)]
    stepwise = torch.cat(steps, dim=1)
    # sums in another order may move a code by one step
    assert (stepwise - whole).square().mean().sqrt() < 0.02 * whole.square().mean().sqrt()
    assert torch.equal(stepwise.argmax(-1), whole.argmax(-1))


def test_quantisers_do_something_once_they_are_on(llama: Callable[..., Any]) -> None:
    model = convert(llama(), Bits(4, 6))
    ids = torch.arange(12)[None]
    before = model(input_ids=ids).logits
    observe(model, [Item(model.model.embed_tokens(ids), ids[0])])
    assert torch.equal(model(input_ids=ids).logits, before)
    from model_adapters.methods.mobilequant.modules import Site
    from model_adapters.methods.mobilequant.network import parts

    for _, part in parts(model):
        if isinstance(part, Site):
            part.settle()
    set_mode(model, "on")
    assert (model(input_ids=ids).logits - before).abs().max() > 1e-2
