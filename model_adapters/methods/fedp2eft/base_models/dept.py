"""DEPT, variant SPEC: as federated averaging, but embeddings stay with the client."""

from __future__ import annotations

from torch import nn

from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.base_models.fedavg import FedAvg


class Dept(FedAvg):
    """Every client trains embeddings of its own; the rest is averaged. An unseen client has the starting ones."""

    def travels(self, name: str) -> bool:
        """Whether the server sees a weight: those that are no embedding.

        Raises:
            UserError: the network has no embedding.
        """
        network = self.model.network
        embeddings = {
            f"{module}.weight" if module else "weight"
            for module, each in network.named_modules()
            if isinstance(each, nn.Embedding)
        }
        if not embeddings:
            raise UserError("DEPT keeps embeddings with the client; this network has none. Use base_trainer = fedavg.")
        return name not in embeddings
