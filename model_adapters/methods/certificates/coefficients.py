"""Merge coefficients: theta_b(alpha) = theta_{0,b} + sum_k alpha_{b,k} tau_{k,b}, read from the pool when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.ledger import Ledger, arithmetic
from model_adapters.methods.merging.pool import BASE, Pool
from model_adapters.methods.merging.products import by_block, inner_products

if TYPE_CHECKING:
    import torch

Alpha = NDArray[np.float64]
"""Flat, float64[B * K]: block by block, model by model."""


class Coefficients:
    """The space of coefficients of a pool.

    Attributes:
        blocks: where one coefficient a model counts. size: B * K.
    """

    def __init__(self, pool: Pool, granularity: str) -> None:
        """Args: granularity: "task" (one block), "layer" (a block a tensor), or patterns of tensor names.

        Raises:
            UserError: no base, or a pattern that matches nothing.
        """
        pool.checkpoint(BASE)
        self.pool = pool
        self.blocks = blocks_of(pool.merged, granularity)
        self._row = {block: row for row, block in enumerate(self.blocks)}
        self.size = len(self.blocks) * pool.size

    def ledger(self, alpha: Alpha) -> Ledger:
        """The merge as weights of the pool's models."""
        table = np.asarray(alpha, np.float64).reshape(len(self.blocks), self.pool.size)
        return arithmetic(self.pool, self.blocks, lambda block, index: float(table[self._row[block], index - 1]))

    def model(self, alpha: Alpha) -> dict[str, torch.Tensor]:
        """The merged tensors: one model in memory, models of coefficient zero not read."""
        return self.ledger(alpha).tensors(self.pool)

    def slope(self, gradient: Mapping[str, torch.Tensor]) -> Alpha:
        """d loss / d alpha from the network's gradient: <g_b, tau_{k,b}>. One pass over the pool."""
        products = by_block(inner_products(self.pool, gradient, self.pool.vertices), self.blocks)
        rows = [[each[index] - each[BASE] for index in range(1, self.pool.size + 1)] for each in products.values()]
        return np.array(rows, np.float64).reshape(-1)

    def named(self, alpha: Alpha) -> dict[str, dict[str, float]]:
        """Block -> model -> coefficient, for records; zeros left out."""
        table = np.asarray(alpha, np.float64).reshape(len(self.blocks), self.pool.size)
        return {
            block: {self.pool.label(k + 1): float(value) for k, value in enumerate(table[row]) if value}
            for block, row in self._row.items()
        }
