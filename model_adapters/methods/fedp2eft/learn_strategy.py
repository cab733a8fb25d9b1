"""FedP2EFT's federated part: the generator of personalisation strategies."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.fedp2eft.base_models.base import Base
from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.clients import Client, count
from model_adapters.methods.fedp2eft.federation import Returned, State
from model_adapters.methods.fedp2eft.local_training import learn_scales
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.fedp2eft.settings import Settings
from model_adapters.methods.fedp2eft.strategy_generator import StrategyGenerator, imitate


class LearnStrategy:
    """Clients find scales for themselves and teach them to the generator; only the generator travels.

    A client's round: (1) its statistics through the generator give the scales to start from; (2) adapter and scales
    learn on its examples; (3) the generator takes a few steps towards the scales found. The adapter is thrown away.

    Attributes:
        clients: names of the seen clients. statistics: client name -> what enters the generator, standardised.
    """

    def __init__(
        self, model: Model, base: Base, adapters: Adapters, clients: Mapping[str, Client],
        statistics: Mapping[str, torch.Tensor], settings: Settings, seed: int,
    ) -> None:  # fmt: skip
        self.model, self.base, self.adapters, self.settings, self.seed = model, base, adapters, settings, seed
        self._clients = clients
        self.statistics = statistics
        self.clients = tuple(sorted(name for name, client in clients.items() if client.seen))

    def generator(self, state: State | None = None) -> StrategyGenerator:
        """The generator at its start, or of a state."""
        width = len(next(iter(self.statistics.values())))
        made = StrategyGenerator(width, self.adapters.size, derive_seed(self.seed, "generator", purpose="fedp2eft"))
        if state is not None:
            made.load_state_dict(dict(state))
        return made

    def initial(self) -> State:
        """The generator's weights at the start."""
        return dict(self.generator().state_dict())

    def local(self, state: State, private: State, client: str, number: int) -> Returned:
        """One client's round."""
        mine = self._clients[client]
        self.base.place(client)
        generator = self.generator(state)
        start = self.given(state, client)
        seed = derive_seed(self.seed, client, number, "fedp2eft-local")
        found = learn_scales(self.model, self.adapters, mine, start, self.settings, seed)
        settings = self.settings
        imitate(generator, self.statistics[client], found, settings.generator_rate, settings.generator_steps)
        return Returned(
            {name: each.detach().clone() for name, each in generator.state_dict().items()}, count(mine.train)
        )

    def given(self, state: State, client: str) -> torch.Tensor:
        """float[size]: what the generator of a state gives a client, seen or not."""
        with torch.no_grad():
            return self.generator(state)(self.statistics[client])
