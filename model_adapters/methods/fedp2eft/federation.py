"""Rounds of a federation: who takes part, what each returns, how the server averages. Flower runs the same object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed

State = Mapping[str, torch.Tensor]
"""What travels between server and clients: floating tensors by name."""


@dataclass(frozen=True)
class Returned:
    """Attributes: state: for the server. examples: its weight. private: what the client keeps, seen by nobody else."""

    state: State
    examples: int
    private: State = field(default_factory=dict)


class Federated(Protocol):
    """Something that is trained in a federation.

    Attributes:
        clients: names of the seen clients, sorted.
    """

    clients: tuple[str, ...]

    def initial(self) -> State:
        """What the server starts with."""
        ...

    def local(self, state: State, private: State, client: str, number: int) -> Returned:
        """A client's part of round `number`.

        Depends on the arguments and the client's own data alone, so clients may work in any order, or at once.

        Args:
            private: what the client kept for itself when it last took part; empty at first.
        """
        ...


@dataclass(frozen=True)
class Rounds:
    """Attributes: count: rounds in all. clients_per_round: who take part in one. seed: of the draws of clients."""

    count: int
    clients_per_round: int
    seed: int

    def drawn(self, clients: Sequence[str], number: int) -> list[str]:
        """The clients of a round, drawn without replacement, sorted."""
        rng = np.random.default_rng(derive_seed(self.seed, "clients", number, "fedp2eft-round"))
        size = min(self.clients_per_round, len(clients))
        return sorted(np.asarray(sorted(clients), dtype=object)[rng.permutation(len(clients))[:size]].tolist())


def average(returned: Sequence[Returned]) -> dict[str, torch.Tensor]:
    """Federated averaging (McMahan et al. 2017): the mean weighted by examples, summed in float64 in the order given.

    Raises:
        UserError: clients return different tensors.
    """
    total = sum(each.examples for each in returned)
    names = list(returned[0].state)
    if any(list(each.state) != names for each in returned):
        raise UserError("The clients of a round returned different tensors. They must run the same version.")
    found = {}
    for name in names:
        first = returned[0].state[name]
        summed = torch.zeros(first.shape, dtype=torch.float64)
        for each in returned:
            summed += each.state[name].double() * (each.examples / total)
        found[name] = summed.to(first.dtype)
    return found


@dataclass
class Progress:
    """Attributes: done: rounds finished. state: of the server. private: client -> what it keeps."""

    done: int
    state: State
    private: dict[str, State] = field(default_factory=dict)


def run_rounds(federated: Federated, rounds: Rounds, progress: Progress, keep: Callable[[Progress], None]) -> Progress:
    """The remaining rounds, one client after another in this process.

    Args:
        progress: where to go on. keep: called after each round, to store it.
    """
    for number in range(progress.done, rounds.count):
        names = rounds.drawn(federated.clients, number)
        returned = [federated.local(progress.state, progress.private.get(name, {}), name, number) for name in names]
        kept = {name: each.private for name, each in zip(names, returned, strict=True) if each.private}
        progress = Progress(number + 1, average(returned), {**progress.private, **kept})
        keep(progress)
    return progress
