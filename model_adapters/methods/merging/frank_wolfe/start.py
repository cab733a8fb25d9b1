"""Where Frank-Wolfe starts. From the base, or else the claim that bad models do no harm is lost before it begins."""

from __future__ import annotations

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import Blocks
from model_adapters.methods.merging.ledger import Ledger, arithmetic, uniform
from model_adapters.methods.merging.pool import Pool

STARTS = ("base", "average", "task-arithmetic")


def start_ledger(pool: Pool, blocks: Blocks, start: str, scaling: float = 0.3) -> Ledger:
    """The ledger of the start.

    Args:
        start: "base"; "average" of the models; "task-arithmetic" of all models with `scaling`, as the released code
            does (it may lie outside the hull); or the label of a vertex, such as "model-2".

    Raises:
        UserError: no such start, or no base.
    """
    pool.checkpoint(0)
    if start == "average":
        return uniform(blocks, dict.fromkeys(range(1, pool.size + 1), 1.0 / pool.size))
    if start == "task-arithmetic":
        return arithmetic(pool, blocks, lambda block, index: scaling)
    try:
        return uniform(blocks, {pool.index(start): 1.0})
    except KeyError:
        raise UserError(f"start is {start!r}; it is {', '.join(STARTS)} or model-1 to model-{pool.size}.") from None
