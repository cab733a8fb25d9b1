"""Which trusted examples may be used: within the budget, some of every kind, chosen by hash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed


def choose_meta(
    targets: NDArray[np.generic], ids: Sequence[str], at_most: int | None, seed: int, names: Sequence[str]
) -> NDArray[np.intp]:
    """Rows of the meta set that are used, ascending; all of them where the budget allows.

    First one example for every kind of every label (or class) that the whole meta set has, then turn by turn one of
    every combination. Order within a kind follows from the hash of (seed, id).

    Args:
        targets: classes int64[m], labels float32[m, l] with NaN, or tokens int64[m, t] (no kinds there).
        names: of the labels, for the message.

    Raises:
        UserError: no trusted example at all, or a budget that does not hold one of every kind.
    """
    if not len(ids):
        raise UserError("The meta set holds no example. BADS learns whom to trust from some that are trusted.")
    if at_most is not None and at_most < 1:
        raise UserError(f"meta_at_most is {at_most}: without a trusted example there is nothing to learn from.")
    if at_most is None or at_most >= len(ids):
        return np.arange(len(ids))
    order = sorted(range(len(ids)), key=lambda row: derive_seed(seed, ids[row], purpose="bads meta set"))
    chosen = _one_of_each(targets, order)
    if len(chosen) > at_most:
        raise UserError(
            f"meta_at_most = {at_most} cannot be met: one trusted example of every kind of {_told(names)} takes "
            f"{len(chosen)}. Raise it, or name fewer labels."
        )
    turns: dict[bytes, list[int]] = defaultdict(list)
    for row in order:
        if row not in chosen:
            turns[np.ascontiguousarray(targets[row]).tobytes() if targets.ndim < 2 or names else b""].append(row)
    queues = list(turns.values())
    while len(chosen) < at_most:
        for queue in queues:
            if queue and len(chosen) < at_most:
                chosen.append(queue.pop(0))
    return np.array(sorted(chosen), np.intp)


def _one_of_each(targets: NDArray[np.generic], order: Sequence[int]) -> list[int]:
    """Few rows that show every class, or each label both ways; those that are seen once already are not added."""
    if targets.ndim == 1:
        first: dict[int, int] = {}
        for row in order:
            first.setdefault(int(targets[row]), row)
        return list(first.values())
    if not np.issubdtype(targets.dtype, np.floating):
        return []
    chosen: list[int] = []
    for value in (1.0, 0.0):  # positives first: they are rare, and most show other labels to be absent
        for column in range(targets.shape[1]):
            if not any(targets[row, column] == value for row in chosen):
                chosen += [row for row in order if targets[row, column] == value][:1]
    return chosen


def _told(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "the classes"


def refuse_shared(train: Sequence[str], meta: Sequence[str], what: str, secret: bool) -> None:
    """Refuse a meta set that shares groups (patients) with the training set.

    Raises:
        UserError: with up to three of them, unless they are secret.
    """
    shared = sorted(set(train) & set(meta))
    if shared:
        some = "" if secret else f", such as {', '.join(shared[:3])}"
        raise UserError(
            f"{len(shared)} {what}(s) stand in both the training set and the meta set{some}. A meta set that the "
            f"training set knows shows nothing: choose other {what}s for one of them."
        )
