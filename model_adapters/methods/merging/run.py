"""What every merging method is given and gives back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import write_json
from model_adapters.methods.merging.ledger import Ledger
from model_adapters.methods.merging.objective import Objective
from model_adapters.methods.merging.pool import Pool

if TYPE_CHECKING:
    import torch

Setting = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a method: its default, which fixes its type, and what it is in a sentence."""

    default: Setting
    help: str


@dataclass
class MergeRun:
    """One merge.

    Attributes:
        pool: the models. objective: what a data-driven method minimises, else None. settings: by name, all of them.
        seed: the only source of randomness. work: the method's folder for state.
        step: to be called with the number of learning steps that are safe on disk, for new ones only.
    """

    pool: Pool
    objective: Objective | None
    settings: Mapping[str, Any]
    seed: int
    work: Path
    step: Callable[[int], None] = lambda done: None

    def need_objective(self) -> Objective:
        """The objective.

        Raises:
            UserError: there is none.
        """
        if self.objective is None:
            raise UserError(
                'This method learns from data: give network = "..." and tasks = ["a.safetensors", ...] '
                "(docs/merging.md)."
            )
        return self.objective

    def need_base(self) -> None:
        """Raise UserError where the pool has no base."""
        self.pool.checkpoint(0)

    def state(self) -> dict[str, Any] | None:
        """What an earlier, killed call had stored."""
        path = self.work / "state.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else None

    def keep(self, state: Mapping[str, Any]) -> None:
        """Store the state of the learning (plain JSON; floats come back exactly)."""
        write_json(self.work / "state.json", dict(state))


@dataclass(frozen=True)
class Merged:
    """What a method found; the tensors are computed one by one, while they are written.

    Attributes:
        tensor: name -> the merged tensor. facts: of the method, for its record.
        ledger: of a linear merge.
    """

    tensor: Callable[[str], torch.Tensor]
    facts: Mapping[str, Any]
    ledger: Ledger | None = None


def linear(pool: Pool, ledger: Ledger, facts: Mapping[str, Any]) -> Merged:
    """The merge that a ledger describes."""
    return Merged(lambda name: ledger.tensor(pool, name), facts, ledger)
