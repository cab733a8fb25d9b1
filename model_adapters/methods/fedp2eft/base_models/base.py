"""The weights under the adapters: one model for all, or one that differs by client."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from model_adapters.methods.fedp2eft.federation import State


class Base:
    """The floating weights of a network, and what a client has in place of some.

    Made before adapters are put on: the parameters stay the same objects under them.

    Attributes:
        weights: parameter name -> parameter. common: the weights of all. own: client -> weights of its own.
    """

    def __init__(self, network: nn.Module, common: State | None = None, own: Mapping[str, State] | None = None) -> None:
        self.weights = dict(network.named_parameters())
        self.common = {name: weight.detach().clone() for name, weight in self.weights.items()}
        self.common.update(common or {})
        self.own = dict(own or {})
        self._placed: State = {}
        self.put(self.common)

    def place(self, client: str) -> None:
        """Give the network the weights of a client; a client that has none of its own gets those of all."""
        mine = self.own.get(client, {})
        back = {name: self.common[name] for name in self._placed if name not in mine}
        self.put({**back, **mine})
        self._placed = mine

    def put(self, weights: State) -> None:
        """Write weights into the network."""
        with torch.no_grad():
            for name, weight in weights.items():
                self.weights[name].copy_(weight)
