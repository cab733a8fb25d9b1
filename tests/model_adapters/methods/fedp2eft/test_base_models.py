"""Base trainers: one client alone is plain training, embeddings stay at home, adapters add up."""

from __future__ import annotations

import pytest
import torch
from made_federations import small_client, small_network
from torch import nn

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.fedp2eft.base_models.base import Base
from model_adapters.methods.fedp2eft.base_models.dept import Dept
from model_adapters.methods.fedp2eft.base_models.fedavg import FedAvg
from model_adapters.methods.fedp2eft.base_models.feddpa_t import FedDpaT
from model_adapters.methods.fedp2eft.federation import Progress, Rounds, run_rounds
from model_adapters.methods.fedp2eft.local_training import train_weights
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.fedp2eft.settings import Settings
from model_adapters.methods.merging.losses import named

SETTINGS = Settings(epochs=1, batch=4, rate=1e-2)


def model_of(network: nn.Module) -> Model:
    return Model(network, named("cross-entropy"))


def rounds_of(trainer: FedAvg | FedDpaT, number: int) -> Progress:
    return run_rounds(trainer, Rounds(number, 9, 0), Progress(0, trainer.initial()), lambda _: None)


def test_a_base_by_client_and_back() -> None:
    network = small_network()
    base = Base(network, own={"one": {"0.bias": torch.full((4,), 9.0)}})
    before = network[0].bias.detach().clone()  # type: ignore[operator, union-attr]
    base.place("one")
    assert network[0].bias.tolist() == [9.0] * 4  # type: ignore[operator, union-attr]
    base.place("other")
    assert torch.equal(network[0].bias, before)  # type: ignore[arg-type]


def test_fedavg_of_two_equal_clients_is_training_on_one() -> None:
    model = model_of(small_network())
    one = small_client("one")
    trainer = FedAvg(model, Base(model.network), {"one": one}, SETTINGS, 0)
    found = rounds_of(trainer, 1).state
    other = model_of(small_network())
    train_weights(other, one, other.network.parameters(), SETTINGS, derive_seed(0, "one", 0, "fedp2eft-base"))
    for name, weight in other.network.named_parameters():
        assert torch.allclose(found[name], weight, atol=1e-7)


def test_fedavg_learns_what_clients_share() -> None:
    model = model_of(small_network())
    clients = {name: small_client(name, seed=3) for name in ("one", "two")}
    rows = torch.arange(12)
    before = float(model.mean_loss(clients["one"].train, rows).detach())
    trainer = FedAvg(model, Base(model.network), clients, SETTINGS, 0)
    progress = rounds_of(trainer, 20)
    trainer.result(progress.state, progress.private)
    assert float(model.mean_loss(clients["one"].train, rows).detach()) < 0.8 * before


class Embedded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(5, 4), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.head(self.words(x).mean(dim=1))
        return out


def test_dept_keeps_embeddings_with_the_client() -> None:
    torch.manual_seed(0)
    model = model_of(Embedded())
    words = torch.randint(0, 5, (12, 3), generator=torch.Generator().manual_seed(1))
    clients = {}
    for name in ("one", "two"):
        client = small_client(name, seed=ord(name[0]))
        clients[name] = type(client)(name, True, {**client.train, "inputs": words}, {**client.test, "inputs": words})
    trainer = Dept(model, Base(model.network), clients, SETTINGS, 0)
    progress = rounds_of(trainer, 3)
    assert sorted(progress.state) == ["head.bias", "head.weight"]
    assert {name: list(kept) for name, kept in progress.private.items()} == {
        "one": ["words.weight"],
        "two": ["words.weight"],
    }
    assert not torch.equal(progress.private["one"]["words.weight"], progress.private["two"]["words.weight"])
    base = trainer.result(progress.state, progress.private)
    base.place("unseen")
    assert torch.equal(base.weights["words.weight"], base.common["words.weight"])
    with pytest.raises(UserError, match="no"):
        plain = model_of(small_network())
        Dept(plain, Base(plain.network), clients, SETTINGS, 0).initial()


def test_feddpa_t_gives_every_client_its_own_weights_on_top_of_the_common_ones() -> None:
    model = model_of(small_network())
    clients = {name: small_client(name, seed=ord(name[0])) for name in ("one", "two")}
    trainer = FedDpaT(model, Base(model.network), clients, SETTINGS, 0)
    progress = rounds_of(trainer, 3)
    module = trainer.personal.modules["0.base"]
    kept = progress.private["one"]
    own = module.scale * kept["0.base.up"] @ kept["0.base.down"]
    shared = trainer.common.modules["0"].scale * progress.state["0.up"] @ progress.state["0.down"]
    start = small_network()[0].weight.detach()  # type: ignore[operator, union-attr]
    base = trainer.result(progress.state, progress.private)
    assert isinstance(model.network[0], nn.Linear)  # type: ignore[index]
    assert torch.allclose(base.common["0.weight"], start + shared, atol=1e-6) and float(shared.abs().sum()) > 0
    base.place("one")
    assert torch.allclose(base.weights["0.weight"], start + shared + own, atol=1e-6) and float(own.abs().sum()) > 0
    base.place("unseen")
    assert torch.allclose(base.weights["0.weight"], start + shared, atol=1e-6)
