"""FedDPA-T: a low-rank adapter of all, trained and averaged, and on top of it one that a client keeps.

As in FedP2EFT's comparison: rank 8, alpha 8, both; the client's adapter goes on from where it was left. Their dropout
of 0.05 is left out, so that a round is a function of its seed alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.fedp2eft.base_models.base import Base
from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.clients import Client, count
from model_adapters.methods.fedp2eft.federation import Returned, State
from model_adapters.methods.fedp2eft.local_training import train_weights
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.fedp2eft.settings import Settings

RANK, ALPHA = 8, 8.0


class FedDpaT:
    """Attributes: clients: names of the seen clients."""

    def __init__(
        self, model: Model, base: Base, clients: Mapping[str, Client], settings: Settings, seed: int,
        exclude: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.model, self.base, self.settings, self.seed = model, base, settings, seed
        self._clients = clients
        self.clients = tuple(sorted(name for name, client in clients.items() if client.seen))
        names = {id(weight): name for name, weight in base.weights.items()}
        start = derive_seed(seed, "all", purpose="fedp2eft-feddpa")
        own = derive_seed(seed, "own", purpose="fedp2eft-feddpa")
        self.common = Adapters(model.network, RANK, ALPHA, start, exclude)
        # The only linear layers left are the frozen ones inside the common adapter.
        self.personal = Adapters(model.network, RANK, ALPHA, own, exclude)
        self._weights = [names[id(module.base.weight)] for module in self.personal.modules.values()]

    def initial(self) -> State:
        """The common adapter at its start."""
        self.common.reset()
        return _read(self.common)

    def local(self, state: State, private: State, client: str, number: int) -> Returned:
        """Train the common adapter alone, then the client's own with the common one frozen."""
        mine, seed = self._clients[client], derive_seed(self.seed, client, number, "fedp2eft-base")
        self.personal.reset(torch.zeros(self.personal.size, dtype=torch.bool))
        _write(self.common, state)
        train_weights(self.model, mine, list(self.common.weights()), self.settings, seed)
        shared = _read(self.common)
        _write(self.personal, private)
        for weight in self.common.weights():
            weight.requires_grad_(False)
        train_weights(self.model, mine, list(self.personal.weights()), self.settings, seed + 1)
        return Returned(shared, count(mine.train), _read(self.personal))

    def result(self, state: State, private: Mapping[str, State]) -> Base:
        """The base that comes out: the common adapter added to the weights of all, both to those of a client."""
        _write(self.common, state)
        shared = self._added(self.base.common, self.common)
        own = {}
        for client, kept in private.items():
            _write(self.personal, kept)
            own[client] = self._added(shared, self.personal)
        self.personal.detach()
        self.common.detach()
        self.base.common.update(shared)
        return Base(self.model.network, self.base.common, own)

    def _added(self, weights: State, adapters: Adapters) -> dict[str, torch.Tensor]:
        found = {}
        for name, module in zip(self._weights, adapters.modules.values(), strict=True):
            found[name] = weights[name] + module.scale * (module.up @ module.down).detach()
        return found


def _read(adapters: Adapters) -> dict[str, torch.Tensor]:
    found = {}
    for name, module in adapters.modules.items():
        found[f"{name}.down"], found[f"{name}.up"] = module.down.detach().clone(), module.up.detach().clone()
    return found


def _write(adapters: Adapters, state: State) -> None:
    """A fresh adapter, with the weights of a state where there is one."""
    adapters.reset()
    if state:
        with torch.no_grad():
            for name, module in adapters.modules.items():
                module.down.copy_(state[f"{name}.down"])
                module.up.copy_(state[f"{name}.up"])
