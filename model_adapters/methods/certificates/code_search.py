"""The candidate of a codebook with the least bound: all of them tried, or greedily.

The union pays for the whole code, so a certificate holds however the candidate was found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data_splits.errors import UserError
from leaderboards.statistics.certificates.families import FAMILIES, Terms
from model_adapters.methods.certificates.codebook import Candidate, Codebook
from model_adapters.methods.certificates.coefficients import Alpha
from model_adapters.methods.certificates.course import Stage

SAVE = 25
"""Candidates between two states on disk."""

SWEEPS = 2
"""Times that a greedy search of a dense code goes through all entries."""


@dataclass(frozen=True)
class Found:
    """The candidate of least bound. losses: sum of its losses. bound: on its risk. scored: candidates tried."""

    candidate: Candidate
    losses: float
    bound: float
    scored: int


def search_is_exhaustive(book: Codebook, search: str, at_most: int) -> bool:
    """Whether all candidates are tried.

    Raises:
        UserError: all were asked for, and they are too many; or another search.
    """
    if search not in ("auto", "exhaustive", "greedy"):
        raise UserError(f"search is {search!r}; of codes it is auto, exhaustive or greedy.")
    if search == "exhaustive" and book.count > at_most:
        raise UserError(
            f"The code has {book.count} candidates, more than candidates_at_most = {at_most}. Use search = greedy."
        )
    return search != "greedy" and book.count <= at_most


def asked_at_most(book: Codebook, exhaustive: bool) -> int:
    """How many candidates a search tries at most."""
    width = len(book.levels)
    if exhaustive:
        return book.count
    if book.kind == "dense":
        return 1 + SWEEPS * book.entries * (width - 1)
    return 1 + sum((book.entries - size) * width for size in range(book.most))


def stage_steps(book: Codebook, exhaustive: bool) -> int:
    """Steps that a search reports at most."""
    return -(-asked_at_most(book, exhaustive) // SAVE)


def search_code(
    book: Codebook, exhaustive: bool, loss_sum: Callable[[Alpha], float], n: int, family: str, delta: float,
    stage: Stage,
) -> Found:  # fmt: skip
    """Minimise the bound of the family over the code; of equal bounds the first in the code's order.

    Args:
        loss_sum: alpha -> sum of the losses over the n cases.
    """
    asked = _Asked(book, loss_sum, n, family, delta, stage)
    if exhaustive:
        for candidate in book.everything():
            asked.bound(candidate)
    elif book.kind == "sparse":
        now = book.smallest()
        asked.bound(now)
        for _ in range(book.most):
            now = min(book.grown(now), key=asked.bound)
    else:
        now = book.smallest()
        asked.bound(now)
        for _ in range(SWEEPS):
            for entry in range(book.entries):
                now = min((now, *book.changed(now, entry)), key=asked.bound)
    asked.store()
    best = min(asked.bounds, key=lambda candidate: asked.bounds[candidate])
    return Found(best, asked.losses[best], asked.bounds[best], len(asked.bounds))


class _Asked:
    """Candidates in the order in which they were asked; what a killed call had asked is replayed."""

    def __init__(
        self, book: Codebook, loss_sum: Callable[[Alpha], float], n: int, family: str, delta: float, stage: Stage
    ) -> None:
        self.book, self.loss_sum, self.n, self.stage = book, loss_sum, n, stage
        self.formula, self.delta = FAMILIES[family].bound, delta
        self.sums: list[float] = stage.state().get("sums", [])
        self.stored = len(self.sums)
        self.losses: dict[Candidate, float] = {}
        self.bounds: dict[Candidate, float] = {}
        self._known: dict[tuple[float, float], float] = {}

    def bound(self, candidate: Candidate) -> float:
        """The bound on a candidate's risk."""
        if candidate not in self.bounds:
            place = len(self.bounds)
            if place == len(self.sums):
                self.sums.append(self.loss_sum(self.book.alpha(candidate)))
                if len(self.sums) % SAVE == 0:
                    self.store()
            self.losses[candidate] = self.sums[place]
            key = (self.sums[place], self.book.nats(candidate))
            if key not in self._known:
                terms = Terms(self.n, key[0], min(key[0] / self.n, 1.0), key[1], self.delta)
                self._known[key] = float(self.formula(terms))
            self.bounds[candidate] = self._known[key]
        return self.bounds[candidate]

    def store(self) -> None:
        """Make what was asked safe."""
        if len(self.sums) > self.stored:
            self.stored = len(self.sums)
            self.stage.keep({"sums": self.sums}, -(-self.stored // SAVE))
