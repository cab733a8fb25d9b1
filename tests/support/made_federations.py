"""Small networks, clients and adapters for tests of federations."""

from __future__ import annotations

import torch
from torch import nn

from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.clients import Client
from model_adapters.methods.fedp2eft.model import Model
from model_adapters.methods.merging.losses import named


def small_network(seed: int = 0) -> nn.Sequential:
    """Two linear layers, 5 -> 4 -> 3."""
    network = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
    return network


def small_client(name: str = "one", seen: bool = True, examples: int = 12, seed: int = 0) -> Client:
    """Three classes."""
    generator = torch.Generator().manual_seed(seed)
    parts = [
        {
            "inputs": torch.randn(examples, 5, generator=generator),
            "targets": torch.randint(0, 3, (examples,), generator=generator),
        }
        for _ in range(2)
    ]
    return Client(name, seen, parts[0], parts[1])


def small_model(rank: int = 4, alpha: float = 8.0, seed: int = 0) -> tuple[Model, Adapters]:
    """A network with adapters on it."""
    model = Model(small_network(), named("cross-entropy"))
    return model, Adapters(model.network, rank, alpha, seed)


def random_adapters(adapters: Adapters, seed: int = 1) -> None:
    """Give B and lambda values that are not those of the start."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in adapters.modules.values():
            module.up.copy_(torch.randn(module.up.shape, generator=generator))
            module.scales.copy_(torch.rand(module.scales.shape, generator=generator) + 0.1)
