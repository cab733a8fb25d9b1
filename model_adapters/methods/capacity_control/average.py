"""An exponential moving average of trained parameters.

a_t = d_t a_(t-1) + (1 - d_t) p_t with d_t = min(decay, (1 + t) / (10 + t)), t = 1 after the first update: short runs
are not held back by their first values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def decay_at(decay: float, update: int) -> float:
    """d_t."""
    return min(decay, (1 + update) / (10 + update))


def follow(average: Mapping[str, Tensor], parameters: Mapping[str, Tensor], decay: float, update: int) -> None:
    """Move the average, in place, after update number `update` (1, 2, ...)."""
    import torch

    if not average:
        return
    with torch.no_grad():
        weight = 1.0 - decay_at(decay, update)
        torch._foreach_lerp_(list(average.values()), [parameters[name].detach() for name in average], weight)
