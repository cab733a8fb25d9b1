"""Outlier channels put into a Llama model without changing what it computes: small models have none of their own.

Norm gains, rows of v and rows of up are multiplied by a factor, and their consumers divided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.mobilequant.network import Widths
from model_adapters.methods.mobilequant.transforms import factors, shapes_of

if TYPE_CHECKING:
    from torch import Tensor

_PLACES = {
    "attn_norm": "input_layernorm",
    "mlp_norm": "post_attention_layernorm",
    **{f"{each}_proj": f"self_attn.{each}_proj" for each in "qkvo"},
    **{f"{each}_proj": f"mlp.{each}_proj" for each in ("gate", "up", "down")},
}


FACTOR = 30.0
"""Of an outlier channel, where only a few have one."""


def with_outliers(
    state: dict[str, Tensor], widths: Widths, seed: int, spread: float = 0.0, channels: int = 0
) -> dict[str, Tensor]:
    """The same function with outliers.

    Args:
        spread: every channel has a log-normal factor with this standard deviation of its logarithm.
        channels: so many channels of each tensor are 30 times what they were, as in large language models.
    """
    import torch

    generator = torch.Generator().manual_seed(derive_seed(seed, "outliers", purpose="character-model") % 2**63)
    found = dict(state)
    layers = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("model.layers."))
    for layer in range(layers):
        # a transform moves range from the first tensor to the second; outliers are the other way round
        inverse: dict[str, Any] = {}
        for name, shape in shapes_of(widths).items():
            drawn = torch.exp(spread * torch.randn(shape, generator=generator))
            drawn.view(-1)[torch.randperm(drawn.numel(), generator=generator)[:channels]] *= FACTOR
            inverse[name] = torch.ones(shape) if name == "query_key" else 1.0 / drawn
        for name, (row, column) in factors(inverse, widths).items():
            key = f"model.layers.{layer}.{_PLACES[name]}.weight"
            weight = found[key]
            if row is not None:
                weight = weight * (row[:, None] if weight.ndim == 2 else row)
            found[key] = weight if column is None else weight * column
    return found
