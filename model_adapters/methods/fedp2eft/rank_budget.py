"""Which ranks a client keeps under a budget."""

from __future__ import annotations

import torch

from data_splits.errors import UserError


def kept(scales: torch.Tensor, rank: int, most: int) -> torch.Tensor:
    """bool[size]: the int(rank / r_max x size) ranks of largest scale over all layers together.

    Of equal scales the earlier layer's is kept. A layer may keep none: it then has no adapter.

    Args:
        scales: float[layers x r_max]. rank: r, ranks a layer on average. most: r_max.

    Raises:
        UserError: a budget below 1, or above half of r_max (then there is little to choose).
    """
    require_rank(rank, most)
    chosen = torch.zeros(len(scales), dtype=torch.bool)
    order = torch.sort(scales, descending=True, stable=True).indices
    chosen[order[: rank * len(scales) // most]] = True
    return chosen


def require_rank(rank: int, most: int) -> None:
    """Raise UserError for a budget that cannot be: see `kept`."""
    if most < 2:
        raise UserError(f"max_rank is {most}; a budget is at most half of it, so it is at least 2.")
    if not 1 <= rank <= most // 2:
        raise UserError(f"rank is {rank}; choose 1 to {most // 2}, half of max_rank ({most}), or raise max_rank.")


def uniform(layers: int, rank: int, most: int) -> torch.Tensor:
    """bool[layers x r_max]: the first `rank` ranks of every layer, as plain LoRA has them."""
    return (torch.arange(most) < rank).repeat(layers)
