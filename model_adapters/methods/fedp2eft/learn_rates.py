"""FedL2P as a control: a federated network that gives every client a learning rate for each matrix of a plain LoRA.

A client's statistics go through two hidden layers of 100 units (ReLU) to one factor a matrix, clamped straight through
to [0, 1000], started at 1; times a learnt rate a matrix. The gradient of the validation loss with respect to the rates
is by the implicit function theorem with the inverse Hessian as a Neumann series of three terms: with v the gradient of
the validation loss and g that of the training loss at the end of fine-tuning, d/d rate_m = -<p_m, g_m>,
p = psi sum_{j=0..3} (I - psi H)^j v, psi = 0.1. The suite's reading of the method's notes; the original was not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.fedp2eft.base_models.base import Base
from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.clients import Client, count
from model_adapters.methods.fedp2eft.federation import Returned, State
from model_adapters.methods.fedp2eft.local_training import fine_tune
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.fedp2eft.rank_budget import uniform
from model_adapters.methods.fedp2eft.settings import Settings

HIDDEN, HIGHEST = 100, 1000.0
TERMS, PSI = 3, 0.1
OUTER_STEPS = 3
BASE_RATE_SHARE = 0.01
"""Learning rate of the matrices' own rates, in units of the network's (published: 1e-6 and 1e-4)."""


class RateNetwork(nn.Module):
    """Attributes: own: float[matrices], the learnt rates, by their logarithm."""

    def __init__(self, statistics: int, matrices: int, rate: float, seed: int) -> None:
        super().__init__()
        sides = [statistics, HIDDEN, HIDDEN, matrices]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sides))
        generator = torch.Generator().manual_seed(seed)
        for layer in self.layers:
            nn.init.kaiming_uniform_(layer.weight, generator=generator)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        nn.init.zeros_(self.layers[-1].weight)  # type: ignore[arg-type]
        nn.init.ones_(self.layers[-1].bias)  # type: ignore[arg-type]
        self.own = nn.Parameter(torch.full((matrices,), rate).log())

    def forward(self, statistics: torch.Tensor) -> torch.Tensor:
        """float[matrices]: the rates of one client."""
        x = statistics
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        factor = self.layers[-1](x)
        return (factor + (factor.clamp(0.0, HIGHEST) - factor).detach()) * self.own.exp()


class LearnRates:
    """Attributes: clients: names of the seen clients."""

    def __init__(
        self, model: Model, base: Base, adapters: Adapters, clients: Mapping[str, Client],
        statistics: Mapping[str, torch.Tensor], settings: Settings, rank: int, seed: int,
    ) -> None:  # fmt: skip
        self.model, self.base, self.adapters, self.settings, self.seed = model, base, adapters, settings, seed
        self._clients, self.statistics = clients, statistics
        self.keep = uniform(len(adapters.modules), rank, adapters.rank)
        self.clients = tuple(sorted(name for name, client in clients.items() if client.seen))

    def network(self, state: State | None = None) -> RateNetwork:
        """The network at its start, or of a state."""
        made = RateNetwork(
            len(next(iter(self.statistics.values()))), 2 * len(self.adapters.modules), self.settings.rate,
            derive_seed(self.seed, "rates", purpose="fedl2p"),
        )  # fmt: skip
        if state is not None:
            made.load_state_dict(dict(state))
        return made

    def initial(self) -> State:
        """The network's weights at the start."""
        return dict(self.network().state_dict())

    def local(self, state: State, private: State, client: str, number: int) -> Returned:
        """Three outer steps: fine-tune at the client's rates, then move the rates by the hypergradient."""
        self.base.place(client)
        mine, network = self._clients[client], self.network(state)
        parts = held_out(mine)
        optimiser = torch.optim.Adam(
            [
                {"params": list(network.layers.parameters()), "lr": self.settings.generator_rate},
                {"params": [network.own], "lr": BASE_RATE_SHARE * self.settings.generator_rate},
            ]
        )
        for outer in range(OUTER_STEPS):
            rates = network(self.statistics[client])
            seed = derive_seed(self.seed, client, number * OUTER_STEPS + outer, "fedl2p-local")
            ones = torch.ones(self.adapters.size)
            fine_tune(self.model, self.adapters, parts[0], self.keep, ones, self.settings, seed, rates=rates.detach())
            gradient = hypergradient(self.model, self.adapters, parts[0], parts[1])
            optimiser.zero_grad()
            rates.backward(gradient)
            optimiser.step()
        found = {name: each.detach().clone() for name, each in network.state_dict().items()}
        return Returned(found, count(mine.train))

    def given(self, state: State, client: str) -> torch.Tensor:
        """float[2 x layers]: what a client, seen or not, trains A and B of every layer with."""
        with torch.no_grad():
            return self.network(state)(self.statistics[client])


def held_out(client: Client, share: int = 5) -> tuple[Client, Client]:
    """The client with four fifths of its training examples, and with every fifth (all, where it has fewer than 5)."""
    rows = torch.arange(count(client.train))
    held = rows % share == share - 1
    if not bool(held.any()):
        return client, client
    parts = [{name: tensor[chosen] for name, tensor in client.train.items()} for chosen in (~held, held)]
    return replace(client, train=parts[0]), replace(client, train=parts[1])


def hypergradient(model: Model, adapters: Adapters, train: Client, held: Client) -> torch.Tensor:
    """float[matrices]: the derivative of the validation loss by every matrix's rate, at the adapter's weights."""
    weights = list(adapters.weights())
    model.network.eval()
    with sdpa_kernel(SDPBackend.MATH):  # the fused kernels of attention have no second derivative
        loss = model.mean_loss(train.train, torch.arange(count(train.train)))
        g = torch.autograd.grad(loss, weights, create_graph=True)
    v = torch.autograd.grad(model.mean_loss(held.train, torch.arange(count(held.train))), weights)
    term, total = list(v), list(v)
    for _ in range(TERMS):
        product = torch.autograd.grad(g, weights, grad_outputs=term, retain_graph=True)
        term = [each - PSI * h for each, h in zip(term, product, strict=True)]
        total = [a + b for a, b in zip(total, term, strict=True)]
    return torch.stack([-PSI * (p * each.detach()).sum() for p, each in zip(total, g, strict=True)])
