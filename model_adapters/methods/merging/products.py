"""Inner products of a gradient with every vertex of a pool, in one pass over the pool."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from model_adapters.methods.merging.blocks import Blocks
from model_adapters.methods.merging.ledger import Ledger
from model_adapters.methods.merging.pool import Pool

if TYPE_CHECKING:
    import torch

Products = dict[str, dict[int, float]]
"""Name of a tensor or block -> vertex -> value."""

CHUNK = 2**18
"""Elements that are turned into float64 at a time: two buffers of 2 MiB."""


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    """Inner product in float64."""
    import torch

    left, right = a.reshape(-1), b.reshape(-1)
    return sum(
        float(torch.dot(left[at : at + CHUNK].double(), right[at : at + CHUNK].double()))
        for at in range(0, left.numel(), CHUNK)
    )


def inner_products(pool: Pool, gradient: Mapping[str, torch.Tensor], vertices: Sequence[int]) -> Products:
    """<g[name], theta_i[name]> for every tensor and vertex; 0 without a read where the gradient is zero."""
    found: Products = {name: {} for name in gradient}
    alive = [name for name, each in gradient.items() if bool(each.any())]
    for index in vertices:
        for name in gradient:
            found[name][index] = 0.0
        for name in alive:
            found[name][index] = dot(gradient[name], pool.read(index, name))
    return found


def cosines(pool: Pool, gradient: Mapping[str, torch.Tensor], vertices: Sequence[int]) -> Products:
    """cos(g[name], theta_i[name]); 0 where either is zero (the released code divides 0 by 0 there)."""
    found: Products = {}
    for name, each in gradient.items():
        size = math.sqrt(dot(each, each))
        found[name] = {}
        for index in vertices:
            if not size:
                found[name][index] = 0.0
                continue
            tensor = pool.read(index, name)
            other = math.sqrt(dot(tensor, tensor))
            found[name][index] = dot(each, tensor) / (size * other) if other else 0.0
    return found


def by_block(products: Products, blocks: Blocks) -> Products:
    """Sums over the tensors of each block."""
    return {
        block: {index: math.fsum(products[name][index] for name in names) for index in products[names[0]]}
        for block, names in blocks.items()
    }


def along(products: Products, ledger: Ledger) -> dict[str, float]:
    """<g[b], theta[b]> of a ledger's own model, by linearity of the vertices' products."""
    return {
        block: math.fsum(weight * products[block][index] for index, weight in weights.items())
        for block, weights in ledger.weights.items()
    }
