"""SmoothQuant (Xiao et al. 2023) with MobileQuant's extra pairs: the factors from which learning starts.

    S_j = max |X_j|^alpha / max_i |W_ij|^(1 - alpha)

X: what enters the consumer in calibration; W: the consumer's columns, over all consumers and, for a shared value head,
over all query heads of its group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from model_adapters.methods.mobilequant.network import Widths, linears_of, sites_of
from model_adapters.methods.mobilequant.transforms import Transform, ones

_SITE_AND_CONSUMERS = {
    "attn_in": ("attn_norm_out", ("q_proj", "k_proj", "v_proj")),
    "mlp_in": ("mlp_norm_out", ("gate_proj", "up_proj")),
    "value_out": ("attn_out", ("o_proj",)),
    "up_down": ("down_in", ("down_proj",)),
}

_LEAST = 1e-5


def smoothing(layer: Any, widths: Widths, alpha: float, pairs: Sequence[str]) -> Transform:
    """Factors of the named pairs from the observed maxima of a layer's sites; 1 elsewhere."""
    import torch

    linears, sites = linears_of(layer), sites_of(layer)
    found = ones(widths, linears["q_proj"].weight.device)
    for name in pairs:
        site, consumers = _SITE_AND_CONSUMERS[name]
        values = sites[site].channels
        assert values is not None
        weights = torch.stack([linears[each].weight.abs().amax(0) for each in consumers]).amax(0)
        if name == "value_out":
            values, weights = (
                each.view(widths.key_heads, -1, widths.head).amax(1).reshape(-1) for each in (values, weights)
            )
        values, weights = values.clamp(min=_LEAST), weights.clamp(min=_LEAST)
        found[name] = (values**alpha / weights ** (1.0 - alpha)).clamp(min=_LEAST)
    return found
