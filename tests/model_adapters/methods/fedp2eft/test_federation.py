"""Averaging is the weighted mean; rounds draw, resume and keep private what is private."""

from __future__ import annotations

import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.federation import Progress, Returned, Rounds, State, average, run_rounds


class Counting:
    """Every client adds its length to the state, and privately counts how often it was asked."""

    clients = ("a", "bb", "ccc")

    def initial(self) -> State:
        return {"w": torch.zeros(1)}

    def local(self, state: State, private: State, client: str, number: int) -> Returned:
        times = private.get("times", torch.zeros(1)) + 1
        return Returned({"w": state["w"] + len(client)}, len(client), {"times": times})


def test_mean_is_weighted_by_examples() -> None:
    found = average([Returned({"w": torch.tensor([1.0])}, 1), Returned({"w": torch.tensor([4.0])}, 2)])
    assert found["w"].item() == pytest.approx(3.0)


def test_different_tensors_are_refused() -> None:
    with pytest.raises(UserError, match="different tensors"):
        average([Returned({"w": torch.zeros(1)}, 1), Returned({"v": torch.zeros(1)}, 1)])


def test_a_resumed_federation_ends_the_same() -> None:
    federated, rounds = Counting(), Rounds(6, 2, seed=3)
    start = Progress(0, federated.initial())
    seen: list[Progress] = []
    whole = run_rounds(federated, rounds, start, seen.append)
    again = run_rounds(federated, rounds, seen[2], lambda _: None)
    assert whole.done == again.done == 6 and torch.equal(whole.state["w"], again.state["w"])
    times = {name: int(kept["times"]) for name, kept in whole.private.items()}
    assert sum(times.values()) == 12 and times == {name: int(kept["times"]) for name, kept in again.private.items()}


def test_draws_are_without_replacement_and_by_name() -> None:
    rounds = Rounds(1, 2, seed=0)
    drawn = [tuple(rounds.drawn(["c", "a", "b"], number)) for number in range(40)]
    assert {len(set(each)) for each in drawn} == {2} and len(set(drawn)) == 3
    assert rounds.drawn(["a", "b", "c"], 7) == rounds.drawn(["c", "b", "a"], 7)
    assert Rounds(1, 9, seed=0).drawn(["b", "a"], 0) == ["a", "b"]
