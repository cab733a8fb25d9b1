"""Federated averaging of all weights (McMahan et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.fedp2eft.base_models.base import Base
from model_adapters.methods.fedp2eft.clients import Client, count
from model_adapters.methods.fedp2eft.federation import Returned, State
from model_adapters.methods.fedp2eft.local_training import train_weights
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.fedp2eft.settings import Settings


class FedAvg:
    """Clients fine-tune everything; the server takes the mean.

    Attributes:
        clients: names of the seen clients.
    """

    def __init__(self, model: Model, base: Base, clients: Mapping[str, Client], settings: Settings, seed: int) -> None:
        self.model, self.base, self.settings, self.seed = model, base, settings, seed
        self._clients = clients
        self.clients = tuple(sorted(name for name, client in clients.items() if client.seen))

    def travels(self, name: str) -> bool:
        """Whether the server sees a weight: all of them."""
        return True

    def initial(self) -> State:
        """The weights that travel."""
        return {name: weight for name, weight in self.base.common.items() if self.travels(name)}

    def local(self, state: State, private: State, client: str, number: int) -> Returned:
        """Fine-tune all weights on a client's examples."""
        mine = self._clients[client]
        self.base.put({**self.base.common, **state, **private})
        self.model.network.requires_grad_(True)
        seed = derive_seed(self.seed, client, number, "fedp2eft-base")
        train_weights(self.model, mine, self.model.network.parameters(), self.settings, seed)
        found = {name: weight.detach().clone() for name, weight in self.base.weights.items()}
        shared = {name: weight for name, weight in found.items() if self.travels(name)}
        kept = {name: weight for name, weight in found.items() if not self.travels(name)}
        return Returned(shared, count(mine.train), kept)

    def result(self, state: State, private: Mapping[str, State]) -> Base:
        """The base that comes out."""
        return Base(self.model.network, state, private)
