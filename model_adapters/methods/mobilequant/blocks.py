"""Attention and feed-forward of a quantised Llama layer; they stand in the place of transformers' own modules.

Products go through `arithmetic`, so that the integer reference runs the very same network (`integer.py`).
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from model_adapters.methods.mobilequant.modules import Projection, Site
from model_adapters.methods.mobilequant.sites import SMOOTHED, Bits


class Arithmetic(Protocol):
    """How products of quantised tensors are computed; each result passes through the site of its output."""

    def linear(self, x: Tensor, layer: Projection, source: Site, target: Site) -> Tensor:
        """x float[..., in] from `source` -> float[..., out]."""
        ...

    def product(self, a: Tensor, b: Tensor, sources: tuple[Site, Site], factor: float, target: Site) -> Tensor:
        """a @ b * factor, batched."""
        ...


class Simulated:
    """Floating-point products of values on the grid: what is trained, and what runs on a CPU or GPU."""

    def linear(self, x: Tensor, layer: Projection, source: Site, target: Site) -> Tensor:
        """See `Arithmetic`."""
        weight, bias = layer.effective(source.affine()[0] if source.mode == "on" else None)
        found: Tensor = target(nn.functional.linear(x, weight, bias))
        return found

    def product(self, a: Tensor, b: Tensor, sources: tuple[Site, Site], factor: float, target: Site) -> Tensor:
        """See `Arithmetic`."""
        found: Tensor = target(torch.matmul(a, b) * factor)
        return found


class Block(nn.Module):
    """What attention and feed-forward share: projections, sites, and the site that feeds them.

    Attributes:
        arithmetic: how products are computed.
    """

    def __init__(self, source: nn.Module, linears: tuple[str, ...], sites: tuple[str, ...], feed: Site, bits: Bits):
        super().__init__()
        for name in linears:
            linear = getattr(source, name)
            setattr(self, name, Projection(linear, bits.weights, bits.per_channel(name), bits.symmetric))
        for name in sites:
            setattr(self, name, Site(name, bits.of_site(name), name in SMOOTHED))
        # a tuple, so that the norm's site is not registered a second time
        self.feed = (feed,)
        self.arithmetic: Arithmetic = Simulated()

    def project(self, x: Tensor, name: str, source: Site, target: str) -> Tensor:
        """x through a projection and the site of its output."""
        return self.arithmetic.linear(x, getattr(self, name), source, getattr(self, target))


class Attention(Block):
    """Grouped-query attention with rotary positions; keys and values are cached as quantised."""

    o_proj: Projection
    q_rot: Site
    k_rot: Site
    v_out: Site
    scores: Site
    probs: Site
    attn_out: Site
    o_out: Site

    def __init__(self, source: Any, feed: Site, bits: Bits) -> None:
        super().__init__(
            source,
            ("q_proj", "k_proj", "v_proj", "o_proj"),
            ("q_out", "k_out", "v_out", "q_rot", "k_rot", "scores", "probs", "attn_out", "o_out"),
            feed,
            bits,
        )
        self.layer, self.head_dim, self.groups = source.layer_idx, source.head_dim, source.num_key_value_groups
        self.factor = float(source.scaling)

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        past_key_values: Any = None,
        **_: Any,
    ) -> tuple[Tensor, None]:
        """As `LlamaAttention.forward` with an additive mask; gives no attention weights."""
        from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

        shape = hidden_states.shape[:-1]
        query, key, value = (
            self.project(hidden_states, f"{n}_proj", self.feed[0], f"{n}_out")
            .view(*shape, -1, self.head_dim)
            .transpose(1, 2)
            for n in "qkv"
        )
        query, key = apply_rotary_pos_emb(query, key, *position_embeddings)
        query, key = self.q_rot(query), self.k_rot(key)
        if past_key_values is not None:
            key, value = past_key_values.update(key, value, self.layer)
        key, value = (each.repeat_interleave(self.groups, dim=1) for each in (key, value))
        logits = self.arithmetic.product(query, key.transpose(2, 3), (self.q_rot, self.k_rot), self.factor, self.scores)
        if attention_mask is not None:
            logits = logits + attention_mask
        shares = self.probs(torch.softmax(logits, dim=-1))
        mixed = self.arithmetic.product(shares, value, (self.probs, self.v_out), 1.0, self.attn_out)
        mixed = mixed.transpose(1, 2).reshape(*shape, -1)
        return self.project(mixed, "o_proj", self.attn_out, "o_out"), None


class FeedForward(Block):
    """SwiGLU: down(silu(gate(x)) * up(x)), silu as a product with a quantised sigmoid."""

    gate_proj: Projection
    up_proj: Projection
    down_proj: Projection
    gate_out: Site
    up_out: Site
    sigmoid_out: Site
    silu_out: Site
    down_in: Site
    down_out: Site

    def __init__(self, source: Any, feed: Site, bits: Bits) -> None:
        super().__init__(
            source,
            ("gate_proj", "up_proj", "down_proj"),
            ("gate_out", "up_out", "sigmoid_out", "silu_out", "down_in", "down_out"),
            feed,
            bits,
        )

    def forward(self, x: Tensor) -> Tensor:
        """float[..., width] -> the same shape."""
        gate = self.project(x, "gate_proj", self.feed[0], "gate_out")
        up = self.project(x, "up_proj", self.feed[0], "up_out")
        gated = self.silu_out(gate * self.sigmoid_out(torch.sigmoid(gate)))
        return self.project(self.down_in(gated * up), "down_proj", self.down_in, "down_out")
