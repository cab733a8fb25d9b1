"""Task arithmetic (Ilharco et al. 2023): theta = theta_0 + lambda sum_k tau_k, with tau_k = theta_k - theta_0."""

from __future__ import annotations

from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.ledger import arithmetic
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

OPTIONS = {"scaling": Option(0.3, "lambda, the factor of the sum of task vectors")}


def merge(run: MergeRun) -> Merged:
    """The same lambda for every model and tensor."""
    run.need_base()
    ledger = arithmetic(run.pool, blocks_of(run.pool.merged, "task"), lambda block, index: run.settings["scaling"])
    return linear(run.pool, ledger, {})
