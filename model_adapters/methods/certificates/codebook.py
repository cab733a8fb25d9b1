"""Finite sets of merge coefficients listed beforehand: few models at few levels, or every model at one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_splits.errors import UserError
from leaderboards.statistics.certificates.codes.registry import code_nats
from model_adapters.methods.certificates.coefficients import Alpha

Candidate = tuple[tuple[int, int], ...]
"""(entry of alpha, index of its level), sorted by entry. Entries that are not named are 0 (sparse code)."""


@dataclass(frozen=True)
class Codebook:
    """A set of coefficient vectors with a prior.

    Attributes:
        kind: "sparse" (at most `most` of d entries differ from 0) or "dense" (every entry has a level).
        entries: d. levels: values; of a sparse code without 0.
    """

    kind: str
    entries: int
    levels: tuple[float, ...]
    most: int

    def __post_init__(self) -> None:
        if self.kind not in ("sparse", "dense"):
            raise UserError(f"code is {self.kind!r}; it is sparse or dense.")
        if not self.levels or len(set(self.levels)) != len(self.levels) or not np.isfinite(self.levels).all():
            raise UserError(f"levels are {self.levels}; list different numbers, such as 0.1,0.3,0.5,1.")
        if self.kind == "sparse" and 0.0 in self.levels:
            raise UserError("A sparse code has 0 without naming it. Take 0 out of the levels, or code = dense.")
        if self.kind == "sparse" and not 0 <= self.most <= self.entries:
            raise UserError(f"support is {self.most}; at most the {self.entries} coefficients there are.")

    @property
    def count(self) -> int:
        """How many vectors the code has."""
        width = len(self.levels)
        if self.kind == "dense":
            return int(width**self.entries)
        return sum(math.comb(self.entries, size) * width**size for size in range(self.most + 1))

    def alpha(self, candidate: Candidate) -> Alpha:
        """The coefficients of a candidate."""
        found = np.zeros(self.entries)
        for entry, level in candidate:
            found[entry] = self.levels[level]
        return found

    def parameters(self, candidate: Candidate) -> dict[str, Any]:
        """What a certificate stores of its price."""
        if self.kind == "dense":
            return {"coefficients": self.entries, "levels": len(self.levels)}
        return {
            "models": self.entries, "support": len(candidate), "levels": len(self.levels), "most": self.most,
        }  # fmt: skip

    def nats(self, candidate: Candidate) -> float:
        """ln(1/P(candidate))."""
        return code_nats(self.kind, self.parameters(candidate))

    def everything(self) -> Iterator[Candidate]:
        """All of them, the cheapest first."""
        width = range(len(self.levels))
        if self.kind == "dense":
            for chosen in itertools.product(width, repeat=self.entries):
                yield tuple(enumerate(chosen))
            return
        for size in range(self.most + 1):
            for support in itertools.combinations(range(self.entries), size):
                for chosen in itertools.product(width, repeat=size):
                    yield tuple(zip(support, chosen, strict=True))

    def grown(self, candidate: Candidate) -> Iterator[Candidate]:
        """Sparse: every candidate with one entry more."""
        taken = {entry for entry, _ in candidate}
        for entry in range(self.entries):
            if entry not in taken:
                for level in range(len(self.levels)):
                    yield tuple(sorted((*candidate, (entry, level))))

    def smallest(self) -> Candidate:
        """Where a greedy search starts: nothing (sparse), or every entry at the level next to 0 (dense)."""
        if self.kind == "sparse":
            return ()
        least = int(np.abs(self.levels).argmin())
        return tuple((entry, least) for entry in range(self.entries))

    def changed(self, candidate: Candidate, entry: int) -> Iterator[Candidate]:
        """Dense: every candidate with another level in one entry."""
        for level in range(len(self.levels)):
            if level != candidate[entry][1]:
                yield (*candidate[:entry], (entry, level), *candidate[entry + 1 :])
