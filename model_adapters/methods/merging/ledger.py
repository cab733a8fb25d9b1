"""The sparse ledger of a merge: which vertex counts how much in which block. It alone reproduces the merge.

    theta[b] = sum over vertices i of weight[b][i] * theta_i[b]

Every linear merge is a ledger: averages, task arithmetic (base 1 - sum lambda), AdaMerging, LoRAHub, Frank-Wolfe.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import write_json
from model_adapters.methods.merging.blocks import Blocks
from model_adapters.methods.merging.pool import Pool

if TYPE_CHECKING:
    import torch

Weights = dict[int, float]
"""Vertex index -> weight, float64; absent means 0."""

TINY = 1e-15
"""A weight as small as the rounding of a sum to 1 is none."""


@dataclass(frozen=True)
class Ledger:
    """Weights of the vertices in every block.

    Attributes:
        blocks: block -> its tensors. weights: block -> vertex -> weight.
    """

    blocks: Blocks
    weights: Mapping[str, Weights]

    @cached_property
    def _block_of(self) -> dict[str, str]:
        return {name: block for block, names in self.blocks.items() for name in names}

    def tensor(self, pool: Pool, name: str) -> torch.Tensor:
        """The merged tensor, float32 (float64 where stored so), summed in float64 in the order of the vertices."""
        return combine(pool, self.weights[self._block_of[name]], name)

    def tensors(self, pool: Pool) -> dict[str, torch.Tensor]:
        """All merged tensors: one model in memory."""
        return {name: self.tensor(pool, name) for name in self._block_of}

    def toward(self, end: Ledger, step: float) -> Ledger:
        """(1 - step) * self + step * end. A step of 1 is exactly `end`, so that dropped vertices are gone."""
        if step == 1.0:
            return end
        mixed: dict[str, Weights] = {}
        for block, mine in self.weights.items():
            other = end.weights[block]
            mixed[block] = clean(
                {i: (1.0 - step) * mine.get(i, 0.0) + step * other.get(i, 0.0) for i in mine.keys() | other.keys()}
            )
        return Ledger(self.blocks, mixed)

    def replaced(self, weights: Mapping[str, Weights]) -> Ledger:
        """The same blocks with other weights."""
        return Ledger(self.blocks, {block: clean(each) for block, each in weights.items()})

    def support(self) -> list[int]:
        """Vertices that count anywhere, sorted."""
        return sorted({index for each in self.weights.values() for index in each})

    def data(self, pool: Pool) -> dict[str, Any]:
        """The ledger as plain JSON."""
        return {
            block: {
                "tensors": list(self.blocks[block]),
                "weights": {pool.label(index): weight for index, weight in each.items()},
            }
            for block, each in self.weights.items()
        }


def clean(weights: Weights) -> Weights:
    """Sorted by vertex, without weights that are nothing but rounding."""
    return {index: weights[index] for index in sorted(weights) if abs(weights[index]) > TINY}


def combine(pool: Pool, weights: Weights, name: str) -> torch.Tensor:
    """sum of weights[i] * theta_i[name] over vertices in rising order, accumulated in float64."""
    import torch

    if list(weights.values()) == [1.0]:
        return pool.read(next(iter(weights)), name).clone()
    total = torch.zeros(pool.entry(name).shape, dtype=torch.float64)
    for index in sorted(weights):
        total.add_(pool.read(index, name), alpha=weights[index])
    return total if pool.entry(name).dtype == "F64" else total.float()


def uniform(blocks: Blocks, weights: Weights) -> Ledger:
    """The ledger with the same weights in every block."""
    return Ledger(blocks, {block: clean(dict(weights)) for block in blocks})


def arithmetic(pool: Pool, blocks: Blocks, coefficient: Callable[[str, int], float]) -> Ledger:
    """theta_0 + sum_k coefficient(block, k) * tau_k, as weights: the base has 1 - sum of the coefficients."""
    weights = {}
    for block in blocks:
        each = {index: float(coefficient(block, index)) for index in range(1, pool.size + 1)}
        weights[block] = clean({0: 1.0 - sum(each.values()), **each})
    return Ledger(blocks, weights)


def write_ledger(path: Path, ledger: Ledger, pool: Pool) -> None:
    """Write a ledger with the hashes of the vertices that it names."""
    used = {pool.label(index) for index in ledger.support()}
    vertices = [each for each in pool.facts() if each["label"] in used]
    write_json(path, {"ledger_version": 1, "vertices": vertices, "blocks": ledger.data(pool)})


def read_ledger(path: Path, pool: Pool) -> Ledger:
    """Read a ledger for a pool, whose vertices must be the very files that it was written for.

    Raises:
        UserError: not a ledger, or of other models.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["ledger_version"] != 1:
            raise UserError(f"{path} has version {data['ledger_version']}; this program reads 1.")
        known = {each["sha256"]: each["label"] for each in reversed(pool.facts())}
        strange = [each for each in data["vertices"] if each["sha256"] not in known]
        if strange:
            what = f"{strange[0]['label']}, {strange[0]['name']}, sha256 {strange[0]['sha256'][:16]}..."
            raise UserError(f"{path} needs a model that is not in this pool ({what}). Name it among the models.")
        index = {each["label"]: pool.index(known[each["sha256"]]) for each in data["vertices"]}
        blocks = {block: tuple(each["tensors"]) for block, each in data["blocks"].items()}
        weights = {
            block: {index[label]: float(weight) for label, weight in each["weights"].items()}
            for block, each in data["blocks"].items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not the ledger of a merge ({type(error).__name__}).") from error
    listed = sorted(name for names in blocks.values() for name in names)
    if listed != list(pool.merged):
        raise UserError(f"{path} is of other tensors than this pool merges. Give the same exclude.")
    return Ledger(blocks, {block: clean(each) for block, each in weights.items()})
