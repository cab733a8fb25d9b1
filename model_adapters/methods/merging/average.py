"""Simple average (uniform soup, Wortsman et al. 2022): theta = (1/K) sum_k theta_k. Reads no data and no base."""

from __future__ import annotations

from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.ledger import uniform
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

OPTIONS: dict[str, Option] = {}


def merge(run: MergeRun) -> Merged:
    """Weight 1/K for every model."""
    pool = run.pool
    weights = dict.fromkeys(range(1, pool.size + 1), 1.0 / pool.size)
    return linear(pool, uniform(blocks_of(pool.merged, "task"), weights), {})
