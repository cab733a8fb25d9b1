"""Equivalent transforms: positive factors that move range from one tensor to the next and change no output.

    attn_in     (i)   norm before attention / S  ->  columns of q, k, v * S                    S: [hidden]
    mlp_in      (ii)  norm before the feed-forward / S  ->  columns of gate, up * S            S: [hidden]
    value_out   (iii) rows of v / S  ->  columns of o * S                                      S: [key heads * head]
    up_down     (iv)  rows of up / S  ->  columns of down * S (the paper's addition)           S: [inner]
    query_key   (v)   rows of q / S  ->  rows of k * S                                         S: [key heads, head / 2]

Two things differ from the released code, which applies (iii) and (v) to multi-head attention alone:
grouped queries share the factors of their group's key and value head; and S of (v) is one number per pair of channels
that the rotary embedding turns together (d and d + head / 2), since a turn commutes with nothing else: the released
code's free vector is not function-preserving for a model with rotary positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from model_adapters.methods.mobilequant.network import Widths, linears_of, norms_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

TRANSFORMS = ("attn_in", "mlp_in", "value_out", "up_down", "query_key")

LEAST = 1e-2
"""Factors are kept at or above this while they are learnt."""

Transform = dict[str, "Tensor"]
"""Name of a transform -> its factors; all five for a layer."""


def shapes_of(widths: Widths) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the factors."""
    return {
        "attn_in": (widths.hidden,),
        "mlp_in": (widths.hidden,),
        "value_out": (widths.key_heads * widths.head,),
        "up_down": (widths.inner,),
        "query_key": (widths.key_heads, widths.head // 2),
    }


def ones(widths: Widths, device: torch.device | None = None) -> Transform:
    """Factors that change nothing."""
    import torch

    return {name: torch.ones(shape, device=device) for name, shape in shapes_of(widths).items()}


def factors(transform: Mapping[str, Tensor], widths: Widths) -> dict[str, tuple[Tensor | None, Tensor | None]]:
    """Projection -> (factors of its rows, factors of its columns); norm -> (factor of its gain, None)."""
    groups = widths.heads // widths.key_heads
    into_attn, into_mlp, up_down = transform["attn_in"], transform["mlp_in"], transform["up_down"]
    value = transform["value_out"]
    of_head = value.view(widths.key_heads, 1, widths.head)
    mixed = of_head.expand(-1, groups, -1).reshape(-1)
    pair = transform["query_key"]
    key = pair.repeat(1, 2)  # channels d and d + head / 2
    query = key.repeat_interleave(groups, dim=0)
    return {
        "attn_norm": (1.0 / into_attn, None),
        "mlp_norm": (1.0 / into_mlp, None),
        "q_proj": (1.0 / query.reshape(-1), into_attn),
        "k_proj": (key.reshape(-1), into_attn),
        "v_proj": (1.0 / value, into_attn),
        "o_proj": (None, mixed),
        "gate_proj": (None, into_mlp),
        "up_proj": (1.0 / up_down, into_mlp),
        "down_proj": (None, up_down),
    }


def attach(layer: Any, transform: Mapping[str, Tensor], widths: Widths) -> None:
    """Let a layer compute with these factors; gradients reach them."""
    found = factors(transform, widths)
    for name, linear in linears_of(layer).items():
        linear.row, linear.column = found[name]
    for name, norm in norms_of(layer).items():
        norm.factor = found[name][0]


def fuse(layer: Any) -> None:
    """Multiply the attached factors into the layer's float weights."""
    import torch

    with torch.no_grad():
        for linear in linears_of(layer).values():
            linear.weight, linear.bias = linear.transformed()
            linear.row = linear.column = None
        for norm in norms_of(layer).values():
            norm.weight, norm.factor = norm.transformed(), None
