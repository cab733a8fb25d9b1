"""Rounds on disk, so that a killed federation goes on where it was."""

from __future__ import annotations

from pathlib import Path

from data_splits.integrity import atomic_write
from model_adapters.methods.fedp2eft.federation import Progress, State


def write_progress(path: Path, progress: Progress) -> None:
    """One safetensors file: the server's state and what clients keep for themselves."""
    from safetensors.torch import save

    tensors = {f"server/{name}": tensor.contiguous() for name, tensor in progress.state.items()}
    for client, kept in progress.private.items():
        tensors.update({f"client/{client}/{name}": tensor.contiguous() for name, tensor in kept.items()})
    with atomic_write(path) as stream:
        stream.write(save(tensors, metadata={"done": str(progress.done)}))


def read_progress(path: Path) -> Progress | None:
    """What was written, or None."""
    if not path.is_file():
        return None
    from safetensors import safe_open

    state: dict[str, State] = {}
    with safe_open(path, framework="pt") as file:
        done = int(file.metadata()["done"])
        server = {}
        for key in file.keys():  # noqa: SIM118 - no mapping
            owner, _, rest = key.partition("/")
            if owner == "server":
                server[rest] = file.get_tensor(key)
            else:
                client, _, name = rest.partition("/")
                state.setdefault(client, {})
                state[client] = {**state[client], name: file.get_tensor(key)}
    return Progress(done, server, state)
