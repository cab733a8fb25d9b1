"""Where an encoder's weights are, what they hash to, and how they are read safely."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.protocols import BuildContext

if TYPE_CHECKING:
    import torch


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file, computed once per process as long as size and modification time stay the same."""
    real = path.resolve()
    stat = real.stat()
    return _sha256(real, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, modified: int) -> str:
    return sha256_file(path)


def local_source(context: BuildContext) -> Path | None:
    """The local file or folder that the user named (`weights`, else `target`, unless that is a hub id), or None.

    Raises:
        UserError: the user named a path and nothing is there.
    """
    named = _named(context)
    if named is None or hub_id(context) is not None:
        return None
    path = Path(named).expanduser()
    if not path.exists():
        raise UserError(f"No encoder weights at {path}. Give an existing file or folder.")
    return path


def hub_id(context: BuildContext) -> str | None:
    """The hub repository that the user named ("owner/name", and no path on this machine), or None."""
    named = _named(context)
    if named is None or Path(named).expanduser().exists():
        return None
    owner, slash, name = named.partition("/")
    return named if slash and owner and name and "/" not in name and owner[0] not in ".~" and not _file(name) else None


def _named(context: BuildContext) -> str | None:
    return str(context.weights) if context.weights is not None else context.target


def _file(name: str) -> bool:
    return Path(name).suffix in (".safetensors", ".pth", ".pt", ".bin")


def cached_snapshot(repository: str, files: Sequence[str], revision: str | None = None) -> Path | None:
    """The folder of the local hub cache that holds all files of a repository, or None. Never uses the network.

    The pinned revision is tried first, then whatever "main" was when the user downloaded: what was loaded is told by
    its hash.
    """
    from huggingface_hub import try_to_load_from_cache

    for candidate in (revision, "main"):
        if candidate is None:
            continue
        found = [try_to_load_from_cache(repository, name, revision=candidate) for name in files]
        if all(isinstance(path, str) for path in found):
            return Path(str(found[0])).parent
    return None


def torch_checkpoint_folder() -> Path:
    """Where torch.hub keeps checkpoints, by the same environment variables, without importing torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    return Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser() / "hub" / "checkpoints"


def read_state_dict(path: Path, pinned: Mapping[str, str], instead: str) -> dict[str, torch.Tensor]:
    """Tensors by name from a safetensors file, or from a torch file whose sha256 is known beforehand.

    Args:
        path: the file.
        pinned: sha256 -> what it is; torch files of any other hash are not opened, since they are pickles.
        instead: what the user can do about a refused file; ends the message.

    Raises:
        UserError: not a safetensors file and not a pinned one, or damaged.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder; name the weights file in it. {instead}")
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except SafetensorError as error:
            raise UserError(f"{path} is not a readable safetensors file ({error}). Download it again.") from error
    digest = file_sha256(path)
    if digest not in pinned:
        raise UserError(f"{path.name} has sha256 {digest[:16]}..., which is not a known file: not opened. {instead}")
    import torch

    state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def load_exactly(
    network: torch.nn.Module, state: Mapping[str, torch.Tensor], what: str, ignore: Sequence[str] = ()
) -> None:
    """Fill a network; every weight must come from the file, so that nothing stays random.

    Raises:
        UserError: a weight is missing, has another shape, or is not one of this network's.
    """
    own = network.state_dict()
    # Older files lack the batch counters of batch normalisation, which no forward pass in evaluation mode reads.
    missing = [key for key in own if key not in state and not key.endswith("num_batches_tracked")]
    foreign = [key for key in state if key not in own and key not in ignore]
    reshaped = [key for key in own if key in state and state[key].shape != own[key].shape]
    for problem, keys in (("lacks", missing), ("has in excess", foreign), ("has in another shape", reshaped)):
        if keys:
            raise UserError(f"The file is not {what}: it {problem} {keys[0]!r} ({len(keys)} such in all).")
    network.load_state_dict({key: value for key, value in state.items() if key in own}, strict=False)
