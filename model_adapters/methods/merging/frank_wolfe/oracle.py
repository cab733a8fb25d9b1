"""The linear minimisation oracle: which vertex the gradient points away from least, block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import Blocks
from model_adapters.methods.merging.ledger import Ledger
from model_adapters.methods.merging.pool import Pool
from model_adapters.methods.merging.products import Products, along, by_block, cosines, inner_products

if TYPE_CHECKING:
    import torch

SCORES = ("inner-product", "cosine")


@dataclass(frozen=True)
class Answer:
    """What one pass over the pool tells.

    Attributes:
        products: block -> vertex -> <g_b, theta_{i,b}>. here: block -> <g_b, theta_b> at the iterate.
        ranked: block -> vertices, best first; none where the gradient is zero. Equal scores: in the pool's order.
        gap: sum over blocks of <g_b, theta_b - s_b> for the best s_b: for convex l no model of the hull is better by
            more than that; otherwise it measures stationarity (with inner products it is never negative).
    """

    products: Products
    here: Mapping[str, float]
    ranked: Mapping[str, list[int]]
    gap: float

    def toward(self, now: Ledger, end: Ledger) -> float:
        """<g, theta(end) - theta(now)>: the slope of the objective on the way from one ledger to another."""
        there = along(self.products, end)
        return math.fsum(there[block] - value for block, value in along(self.products, now).items())


def ask(
    pool: Pool, gradient: Mapping[str, torch.Tensor], blocks: Blocks, ledger: Ledger, score: str = "inner-product",
    vertices: Sequence[int] = (),
) -> Answer:  # fmt: skip
    """Score all vertices.

    Args:
        blocks: where one vertex is chosen. ledger: of the iterate (its blocks may be finer than `blocks`).
        score: "inner-product" (the oracle), or "cosine": the sum over tensors of cos(g, theta_i), as the released
            code does, which is no linear function and so has no guarantee.
        vertices: those that may be chosen; all of the pool's where empty.

    Raises:
        UserError: another score.
    """
    if score not in SCORES:
        raise UserError(f"score is {score!r}; it is {' or '.join(SCORES)}.")
    allowed = list(vertices or pool.vertices)
    every = sorted({*allowed, *ledger.support()})
    fine = inner_products(pool, gradient, every)
    coarse = by_block(fine, blocks)
    rank_by = coarse if score == "inner-product" else by_block(cosines(pool, gradient, allowed), blocks)
    alive = {block for block, names in blocks.items() if any(bool(gradient[name].any()) for name in names)}
    ranked = {
        block: sorted(allowed, key=lambda index: rank_by[block][index]) if block in alive else [] for block in blocks
    }
    products = by_block(fine, ledger.blocks)
    here = along(products, ledger)
    best = [coarse[block][order[0]] for block, order in ranked.items() if order]
    gap = math.fsum(here.values()) - math.fsum(best)
    return Answer(products, here, ranked, gap)
