"""A Llama model whose layers can quantise: conversion in place, and the parts by name."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.blocks import Arithmetic, Attention, FeedForward
from model_adapters.methods.mobilequant.modules import Mode, Norm, Projection, Site
from model_adapters.methods.mobilequant.sites import LINEARS, Bits

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Widths:
    """Sizes of a layer: width of the residual stream, heads, heads of keys and values, width of a head, and of the
    feed-forward part."""

    hidden: int
    heads: int
    key_heads: int
    head: int
    inner: int


def widths_of(config: Any) -> Widths:
    """From a `LlamaConfig`."""
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return Widths(
        config.hidden_size, config.num_attention_heads, config.num_key_value_heads, head, config.intermediate_size
    )


def require_llama(config: Any, what: str) -> None:
    """Raise UserError unless the configuration is of the class that the transforms are known to preserve."""
    kind = getattr(config, "model_type", None)
    if kind != "llama":
        raise UserError(
            f"{what} is a {kind!r} model. MobileQuant here quantises Llama-class models (model_type llama)."
        )
    if config.hidden_act != "silu":
        raise UserError(f"{what} has the activation {config.hidden_act!r}; the transforms are made for silu.")


def llama_of(config: Any, tensors: Mapping[str, Tensor]) -> Any:
    """A `LlamaForCausalLM` in evaluation mode that holds these tensors, not copies; what is not given stays empty."""
    import torch
    from transformers import LlamaForCausalLM

    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.load_state_dict(dict(tensors), strict=False, assign=True)
    model.tie_weights()
    # not part of a state: computed again, off the meta device
    model.model.rotary_emb = type(model.model.rotary_emb)(config)
    return model.eval().requires_grad_(False)


def convert(model: Any, bits: Bits) -> Any:
    """Put layers that can quantise into a `LlamaForCausalLM`; off at first, so it computes what it did.

    The model is changed in place and given back. Weights are shared with the modules that were there.
    """
    require_llama(model.config, "The model")
    # masks as tensors, whatever kernel the model was loaded for; the configuration may belong to others too
    model.config = model.model.config = copy.deepcopy(model.config)
    model.config._attn_implementation = "eager"
    for layer in model.model.layers:
        for norm, prefix in (("input_layernorm", "attn_norm"), ("post_attention_layernorm", "mlp_norm")):
            ends = [Site(f"{prefix}_{end}", bits.of_site(f"{prefix}_{end}"), end == "out") for end in ("in", "out")]
            setattr(layer, norm, Norm(getattr(layer, norm), bits.of_site("attn_norm_in"), *ends))
        layer.self_attn = Attention(layer.self_attn, layer.input_layernorm.outputs, bits)
        layer.mlp = FeedForward(layer.mlp, layer.post_attention_layernorm.outputs, bits)
    for _, part in parts(model):
        if isinstance(part, Site):
            part.to(model.model.norm.weight.device)
    return model.eval().requires_grad_(False)


def sites_of(layer: Any) -> dict[str, Site]:
    """Role -> site of a layer."""
    return {each.name: each for each in layer.modules() if isinstance(each, Site)}


def linears_of(layer: Any) -> dict[str, Projection]:
    """Name -> projection of a layer."""
    return {n: getattr(layer.self_attn if n in ("q_proj", "k_proj", "v_proj", "o_proj") else layer.mlp, n)
            for n in LINEARS}  # fmt: skip


def norms_of(layer: Any) -> dict[str, Norm]:
    """ "attn_norm" and "mlp_norm" of a layer."""
    return {"attn_norm": layer.input_layernorm, "mlp_norm": layer.post_attention_layernorm}


def parts(model: Any) -> Iterator[tuple[str, Site | Projection | Norm]]:
    """Everything that quantises, as ("layer number.name", part)."""
    for number, layer in enumerate(model.model.layers):
        for found in (sites_of(layer), linears_of(layer), norms_of(layer)):
            for name, part in found.items():
                yield f"{number}.{name}", part


def set_mode(model: Any, mode: Mode) -> None:
    """Turn all parts; projections and norms that only observe stay as in float."""
    for _, part in parts(model):
        part.mode = mode


def set_arithmetic(model: Any, arithmetic: Arithmetic) -> None:
    """Choose how products are computed."""
    for layer in model.model.layers:
        layer.self_attn.arithmetic = layer.mlp.arithmetic = arithmetic


def freeze(model: Any) -> None:
    """Everything learnt becomes integers: weights, gains, scales and zero points. The mode is "on" from now."""
    import torch

    set_mode(model, "on")
    with torch.no_grad():
        for _, part in parts(model):
            if isinstance(part, Site):
                scale, zero = part.affine()
                part.scale.copy_(scale)
                part.zero.copy_(zero)
                part.stretch = part.shift = None
            else:
                part.freeze()


def last_hidden(model: Any, embeds: Tensor) -> Tensor:
    """What enters the final norm: float[batch, tokens, width] -> the same shape; gradients as the caller has them."""
    kept: list[Tensor] = []
    handle = model.model.norm.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    try:
        model.model(inputs_embeds=embeds, use_cache=False)
    finally:
        handle.remove()
    return kept[0]


def logits_of(model: Any, hidden: Tensor) -> Tensor:
    """Final norm and head, both in float."""
    found: Tensor = model.lm_head(model.model.norm(hidden))
    return found
