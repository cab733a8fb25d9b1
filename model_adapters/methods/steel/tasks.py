"""The network that adapters go into, and tasks that are tried in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import atomic_write, content_hash
from model_adapters.methods.merging.networks import build_network
from model_adapters.methods.merging.objective import Objective, gradient
from model_adapters.methods.merging.pool import Pool, open_pool
from model_adapters.methods.merging.proxy import ProxyObjective, open_proxy
from model_adapters.methods.steel.lora_xs import add_lora_xs
from model_adapters.methods.steel.vectors import Float, Layout

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Host:
    """A frozen network with a place for adapters.

    Attributes:
        network: in evaluation mode. layout: of an adapter. pool: one adapter as a pool (names and shapes).
        fingerprint: of the frozen weights' file, or of the name of a network that brings its own.
    """

    network: torch.nn.Module
    layout: Layout
    pool: Pool
    fingerprint: str

    def objective(self, files: Sequence[str], loss: str, chunk: int = 0, device: str = "cpu") -> ProxyObjective:
        """The objective of task files (docs/merging.md) in this network.

        Raises:
            UserError: a file that is missing, unreadable or does not fit.
        """
        return open_proxy(self.network, files, loss, self.pool, chunk, device)


def open_host(spec: str, weights: str | None, rank: int, layers: Sequence[str], template: Path) -> Host:
    """A network by name, with LoRA-XS adapters of a rank put in; rank 0: the zoo's own tensors are the adapter.

    Args:
        spec: as for a merge. weights: of the frozen network; needed with a rank. template: a safetensors file of one
            adapter: read where the rank is 0, written otherwise.

    Raises:
        UserError: no such network, or weights that do not fit it.
    """
    import torch

    if rank == 0:
        pool = open_pool([str(template)])
        network = build_network(spec, pool)
        fingerprint = content_hash(spec) if weights is None else _load(network, open_pool([weights]))
        return Host(network, Layout({name: pool.entry(name).shape for name in pool.merged}), pool, fingerprint)
    if weights is None:
        raise UserError('Adapters are put into a network with weights: weights = "base.safetensors".')
    base = open_pool([weights])
    network = build_network(spec, base)
    fingerprint = _load(network, base)
    shapes = add_lora_xs(network.eval(), rank, layers)
    write_adapter(template, {name: torch.zeros(shape) for name, shape in shapes.items()})
    return Host(network, Layout(shapes), open_pool([str(template)]), fingerprint)


def _load(network: torch.nn.Module, base: Pool) -> str:
    own = network.state_dict()
    missing = [name for name in base.merged if name not in own]
    if missing:
        raise UserError(
            f"The network has no {missing[0]!r}, which {base.models[0].source} holds. Are they of one kind?"
        )
    network.load_state_dict({name: base.read(1, name) for name in base.merged}, strict=False)
    return base.models[0].sha256


def write_adapter(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """A safetensors file of one adapter."""
    from safetensors.torch import save

    with atomic_write(path) as stream:
        stream.write(save({name: tensor.contiguous() for name, tensor in tensors.items()}, {"format": "pt"}))


def fine_tuned(objective: Objective, layout: Layout, start: Float, steps: int, rate: float) -> Float:
    """An adapter of least mean loss, by full-batch Adam in float32 from `start`.

    Raises:
        UserError: the loss is not finite.
    """
    import torch

    value = torch.from_numpy(np.array(start, np.float32)).requires_grad_()
    optimiser = torch.optim.Adam([value], lr=rate)
    for _ in range(steps):
        _, found = gradient(objective, layout.tensors(value.detach().numpy()))
        value.grad = torch.from_numpy(layout.vector(found))
        optimiser.step()
    done: Any = value.detach().numpy()
    return np.array(done, np.float32)
