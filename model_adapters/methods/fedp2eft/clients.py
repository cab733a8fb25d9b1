"""Clients of a federation: a few training and test examples each, which never leave the client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from data_splits.integrity import sha256_file

if TYPE_CHECKING:
    import torch

Examples = Mapping[str, "torch.Tensor"]
"""`inputs` and any `inputs.NAME` go to the network, `targets` to the loss; all have n examples along the first axis."""


@dataclass(frozen=True)
class Client:
    """Attributes: name: of the file. seen: takes part in training. train, test: examples. sha256: of the file."""

    name: str
    seen: bool
    train: Examples
    test: Examples
    sha256: str = ""


def count(examples: Examples) -> int:
    """n, the number of examples."""
    return len(examples["targets"])


def read_clients(seen: Sequence[str], unseen: Sequence[str] = (), learns: bool = True) -> list[Client]:
    """Clients from safetensors files with tensors train.inputs, train.targets, test.inputs, test.targets.

    Args:
        learns: seen clients are needed; without, any client will do.

    Raises:
        UserError: no client, a missing or unreadable file, two of one name, or examples without labels.
    """
    if not seen and (learns or not unseen):
        raise UserError('FedP2EFT needs clients to learn from: clients = ["a.safetensors", ...].')
    found = [_read(Path(text).expanduser(), True) for text in seen]
    found += [_read(Path(text).expanduser(), False) for text in unseen]
    names = [client.name for client in found]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise UserError(f"Two clients are called {double}. Rename a file.")
    return found


def _read(path: Path, seen: bool) -> Client:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix != ".safetensors" or not path.is_file():
        raise UserError(f"No client at {path}. Name a .safetensors file with train.inputs, train.targets, test.*.")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is not a readable safetensors file ({error}).") from error
    parts = {part: _part(tensors, part, path.stem) for part in ("train", "test")}
    return Client(path.stem, seen, parts["train"], parts["test"], sha256_file(path))


def _part(tensors: Mapping[str, torch.Tensor], part: str, name: str) -> Examples:
    found = {key.removeprefix(f"{part}."): tensor for key, tensor in tensors.items() if key.startswith(f"{part}.")}
    if not any(key == "inputs" or key.startswith("inputs.") for key in found):
        raise UserError(f"Client {name} has no {part}.inputs.")
    if "targets" not in found:
        raise UserError(f"Client {name} has no labels: add a tensor {part}.targets.")
    lengths = {len(tensor) for tensor in found.values()}
    if len(lengths) != 1 or not min(lengths):
        raise UserError(f"Client {name}: the tensors of {part} differ in length, or are empty.")
    return found
