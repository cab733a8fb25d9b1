"""LoRA-XS: a small square matrix between frozen singular factors of a layer, in any network.

    W x + U_r diag(s_r) R V_r^T x        with W = U diag(s) V^T and R (rank x rank) alone learnt, 0 at the start

Balazy et al. 2024, "LoRA-XS", from its description. Signs of singular vectors are fixed: the largest entry of every
column of U is positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from data_splits.errors import UserError

if TYPE_CHECKING:
    import torch

NAME = "lora_xs"


def add_lora_xs(network: torch.nn.Module, rank: int, layers: Sequence[str] = ("*",)) -> dict[str, tuple[int, ...]]:
    """Put adapters into linear layers, in place, and freeze everything else.

    Args:
        rank: of every adapter, at most the smaller side of a layer. layers: shell patterns of their names.

    Returns:
        Name of each adapter's parameter -> its shape, sorted.

    Raises:
        UserError: no layer matches, or one is smaller than the rank.
    """
    import torch

    class Adapted(torch.nn.Module):
        """A linear layer with an adapter beside it; weight and bias stay where they were."""

        def __init__(self, linear: torch.nn.Linear) -> None:
            super().__init__()
            self.left: torch.Tensor
            self.right: torch.Tensor
            self.weight, self.bias = linear.weight, linear.bias
            left, values, right = torch.linalg.svd(linear.weight.detach().double(), full_matrices=False)
            # A factor and its partner may change sign together; an adapter must mean the same on every machine.
            place = left.abs().argmax(dim=0)
            sign = left[place, torch.arange(left.shape[1])].sign()
            left, right = left * sign, right * sign[:, None]
            self.register_buffer("left", (left[:, :rank] * values[:rank]).to(linear.weight.dtype), persistent=False)
            self.register_buffer("right", right[:rank].to(linear.weight.dtype), persistent=False)
            self.lora_xs = torch.nn.Parameter(torch.zeros(rank, rank, dtype=linear.weight.dtype))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            plain = torch.nn.functional.linear(x, self.weight, self.bias)
            return plain + ((x @ self.right.T) @ self.lora_xs.T) @ self.left.T

    found = [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear) and any(fnmatchcase(name, pattern) for pattern in layers)
    ]
    if not found:
        raise UserError(f"No linear layer is called {', '.join(layers)}. Give layers = patterns of their names.")
    small = [name for name, module in found if min(module.weight.shape) < rank]
    if small or rank < 1:
        raise UserError(f"rank is {rank}; {small[0] if small else 'it'} needs one between 1 and its smaller side.")
    network.requires_grad_(False)
    shapes: dict[str, tuple[int, ...]] = {}
    for name, module in found:
        parent, _, last = name.rpartition(".")
        setattr(network.get_submodule(parent) if parent else network, last, Adapted(module))
        shapes[f"{name}.{NAME}"] = (rank, rank)
    return dict(sorted(shapes.items()))
