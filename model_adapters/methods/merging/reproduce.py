"""A merge again, from its ledger: `ledger` names the small file that an earlier merge left beside its weights."""

from __future__ import annotations

from pathlib import Path

from data_splits.errors import UserError
from model_adapters.methods.merging.ledger import read_ledger
from model_adapters.methods.merging.run import Merged, MergeRun, Option, linear

OPTIONS = {"ledger": Option("", "path of the ledger.json of an earlier merge of this pool")}


def merge(run: MergeRun) -> Merged:
    """The merge that the ledger describes, bit for bit.

    Raises:
        UserError: no ledger, or one of other models.
    """
    if not run.settings["ledger"]:
        raise UserError('reproduce needs a ledger: ledger = "runs/mine/work/model/ledger.json".')
    return linear(run.pool, read_ledger(Path(run.settings["ledger"]), run.pool), {})
