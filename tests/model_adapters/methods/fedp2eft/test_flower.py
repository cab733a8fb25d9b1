"""Flower's apps, joined by a grid in this process, end in the bits of the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
import torch
from made_federations import small_client, small_model

from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.base_models.base import Base
from model_adapters.methods.fedp2eft.federation import Federated, Progress, Returned, Rounds, State, run_rounds
from model_adapters.methods.fedp2eft.learn_strategy import LearnStrategy
from model_adapters.methods.fedp2eft.settings import Settings

flwr = pytest.importorskip(
    "flwr", reason="flwr is not installed; it needs an environment of its own (docs/fedp2eft.md)"
)


class Wandering:
    """Every client adds noise of its own and counts, in private, how often it was asked."""

    clients = ("a", "bb", "ccc")

    def initial(self) -> State:
        return {"w": torch.zeros(5)}

    def local(self, state: State, private: State, client: str, number: int) -> Returned:
        times = private.get("times", torch.zeros(1)) + 1
        noise = torch.randn(5, generator=torch.Generator().manual_seed(100 * number + len(client)))
        return Returned({"w": state["w"] + noise * times}, len(client), {"times": times})


class LocalGrid:
    """Hands every message to the client app of its node, in reverse order."""

    def __init__(self, made: Callable[[str], Federated], names: Sequence[str] = Wandering.clients) -> None:
        from flwr.app import Context, RecordDict

        from model_adapters.methods.fedp2eft.flower import client_app

        def make(context: Any) -> tuple[Federated, str]:
            name = str(context.node_config["name"])
            return made(name), name

        self.app = client_app(make)
        self.contexts = {}
        for node, name in enumerate(reversed(names), start=10):
            self.contexts[node] = Context(1, node, {"name": name}, RecordDict(), {})

    def get_node_ids(self) -> Iterable[int]:
        return list(self.contexts)

    def send_and_receive(self, messages: Iterable[Any], *, timeout: float | None = None) -> list[Any]:
        from flwr.app import Error, Message

        replies = []
        for message in reversed(list(messages)):
            node = message.metadata.dst_node_id
            try:
                reply = self.app(message, self.contexts[node])
            except RuntimeError as error:
                reply = Message(Error(0, str(error)), reply_to=message)
            replies.append(reply)
        return replies


class Failing(Wandering):
    def local(self, state: State, private: State, client: str, number: int) -> Returned:
        raise RuntimeError("out of memory")


@pytest.fixture(autouse=True)
def running_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Flower knows in a running server app."""
    from flwr.supercore.task_identity import TaskIdentity

    for name in ("_task_id", "_run_id", "_node_id"):
        monkeypatch.setattr(TaskIdentity, name, 1)


def test_same_bits_as_the_simulator() -> None:
    from model_adapters.methods.fedp2eft.flower import serve

    federated, rounds = Wandering(), Rounds(5, 2, seed=4)
    simulated = run_rounds(federated, rounds, Progress(0, federated.initial()), lambda _: None)
    found = serve(LocalGrid(lambda name: Wandering()), federated, rounds)  # type: ignore[arg-type]
    assert torch.equal(found["w"], simulated.state["w"]) and float(found["w"].abs().sum()) > 0


def test_the_strategy_itself_ends_in_the_simulators_bits() -> None:
    """Every client app holds its own data alone, and a network of its own."""
    from model_adapters.methods.fedp2eft.flower import serve

    names = ("one", "two", "three")
    clients = {name: small_client(name, seed=ord(name[0])) for name in names}
    rng = torch.Generator().manual_seed(0)
    statistics = {name: torch.randn(5, generator=rng) for name in names}
    settings = Settings(max_rank=4, alpha=8.0, epochs=1, batch=4, generator_rate=1e-2, sparsity=0.1)

    def strategy(held: Sequence[str]) -> LearnStrategy:
        model, adapters = small_model()
        own = {name: clients[name] for name in held}
        return LearnStrategy(model, Base(model.network), adapters, own, statistics, settings, 1)

    rounds, whole = Rounds(3, 2, seed=4), strategy(names)
    simulated = run_rounds(whole, rounds, Progress(0, whole.initial()), lambda _: None)
    found = serve(LocalGrid(lambda name: strategy([name]), names), whole, rounds)  # type: ignore[arg-type]
    start = whole.initial()
    assert all(torch.equal(found[name], each) for name, each in simulated.state.items())
    assert not torch.equal(found["outer.bias"], start["outer.bias"])


def test_a_missing_and_a_failing_client_are_named() -> None:
    from model_adapters.methods.fedp2eft.flower import serve

    class More(Wandering):
        clients = (*Wandering.clients, "dddd")

    with pytest.raises(UserError, match="dddd"):
        serve(LocalGrid(lambda name: Wandering()), More(), Rounds(1, 2, seed=0))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="failed in round 1"):
        serve(LocalGrid(lambda name: Failing() if name == "a" else Wandering()), Wandering(), Rounds(1, 3, seed=0))  # type: ignore[arg-type]
