"""What a federation learnt, on disk, so that a later run gives more clients their adapters, at any budget of ranks."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from data_splits.errors import UserError
from data_splits.integrity import atomic_write, sha256_file, write_json
from model_adapters.methods.fedp2eft.federation import State

STRATEGY, LAYERS, BASE = "strategy.safetensors", "layers.json", "base.safetensors"
GENERATOR = "generator/"


@dataclass(frozen=True)
class Layers:
    """What adapters sit on.

    Attributes: layers: their names, in order. max_rank: r_max. scale: s of an adapter, alpha / r_max.
    base: sha256 of the weights under them.
    """

    layers: tuple[str, ...]
    max_rank: int
    scale: float
    base: str


@dataclass(frozen=True)
class Learnt:
    """Attributes: state: weights of what was learnt. centre: mean and deviation that statistics are standardised by.
    on: what it was learnt on. sha256: of the file.
    """

    state: State
    centre: tuple[torch.Tensor, torch.Tensor]
    on: Layers
    sha256: str

    def require(self, given: Layers) -> None:
        """Raise UserError for another base, other layers, another r_max or scale than it was learnt on."""
        own = self.on
        if (given.max_rank, given.scale) != (own.max_rank, own.scale):
            raise UserError(
                f"The strategy was learnt with max_rank = {own.max_rank} and alpha = {own.max_rank * own.scale:g}: set "
                "these."
            )
        if given.layers != own.layers:
            raise UserError("The strategy was learnt for other layers: name its network, and exclude what it excluded.")
        if given.base != own.base:
            raise UserError(
                f"The strategy was learnt on another base ({own.base[:12]}). Name the one that its run was given, or "
                f"the {BASE} that it trained."
            )

    def require_arm(self, start: State) -> None:
        """Raise UserError where an arm starts with weights of other names or shapes."""
        if {name: each.shape for name, each in start.items()} != {n: each.shape for n, each in self.state.items()}:
            raise UserError("The strategy was learnt by another arm: fedl2p learns rates, the other arms scales.")


def write_strategy(state: State, centre: tuple[torch.Tensor, torch.Tensor], folder: Path) -> None:
    """`strategy.safetensors`."""
    tensors = {f"{GENERATOR}{name}": weight for name, weight in state.items()}
    _save(tensors | {"statistics/mean": centre[0], "statistics/deviation": centre[1]}, folder / STRATEGY)


def write_layers(layers: Layers, folder: Path) -> None:
    """`layers.json`."""
    write_json(folder / LAYERS, asdict(layers))


def write_base(common: State, network: torch.nn.Module, folder: Path) -> str:
    """`base.safetensors`, the weights of all clients and the network's stored buffers; its sha256."""
    stored = network.state_dict().keys()
    buffers = {name: each for name, each in network.named_buffers() if name in stored}
    _save({**buffers, **common}, folder / BASE)
    return sha256_file(folder / BASE)


def read_strategy(folder: Path) -> Learnt:
    """What an earlier run left in its `model/`.

    Raises:
        UserError: no such folder, one without a strategy, or a file that cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not (folder / STRATEGY).is_file() or not (folder / LAYERS).is_file():
        raise UserError(f"{folder} holds no {STRATEGY} and {LAYERS}. Name an earlier run's DIR/work/model.")
    try:
        tensors, told = load_file(folder / STRATEGY), json.loads((folder / LAYERS).read_text("utf-8"))
        state = {
            name.removeprefix(GENERATOR): each for name, each in tensors.items() if name.startswith(GENERATOR)
        }  # fmt: skip
        centre = tensors["statistics/mean"], tensors["statistics/deviation"]
        names = tuple(map(str, told["layers"]))
        on = Layers(names, int(told["max_rank"]), float(told["scale"]), str(told["base"]))
        if not state or any(each.shape != (2 * len(names) + 1,) for each in centre):
            raise ValueError("another number of layers")
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"The strategy in {folder} cannot be read ({error}). Run its federation again.") from error
    return Learnt(state, centre, on, sha256_file(folder / STRATEGY))


def _save(tensors: State, path: Path) -> None:
    from safetensors.torch import save

    with atomic_write(path) as stream:
        stream.write(save({name: each.detach().cpu().contiguous() for name, each in tensors.items()}))
