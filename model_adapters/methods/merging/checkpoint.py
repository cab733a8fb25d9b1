"""One model on disk, read tensor by tensor: a safetensors file, a folder of them, or a hub id in the local cache.

Bytes are read into memory of our own. A memory map would count every page touched as resident until the file is
closed, and a pool of them would look, and on some systems be, as large as the pool.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from data_splits.integrity import content_hash, sha256_file
from model_adapters.methods.artifact import UNSAFE

if TYPE_CHECKING:
    import torch

FLOATS = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
"""Types that can be merged: safetensors name -> torch name. Every other type is copied."""

BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}

WEIGHT_FILES = (
    "model.safetensors", "diffusion_pytorch_model.safetensors", "adapter_model.safetensors",
    "pytorch_lora_weights.safetensors",
)  # fmt: skip
"""What a repository or folder calls its weights; each may also be an index (NAME.index.json) of several files."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies: file, safetensors type, shape, first and last byte."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


class Checkpoint:
    """Tensors of one model by name; nothing is read before it is asked for.

    Attributes:
        source: as the user named it. entries: name -> where it lies. files: in which files.
    """

    def __init__(self, source: str, files: Sequence[Path]) -> None:
        """Read the headers.

        Raises:
            UserError: a file is missing or damaged, or two hold a tensor of the same name.
        """
        self.source = source
        self.files = tuple(files)
        self.entries: dict[str, Entry] = {}
        for file in self.files:
            for name, entry in read_header(file).items():
                if name in self.entries:
                    raise UserError(
                        f"{source} holds {name} twice ({self.entries[name].file.name}, {file.name}). Name one file."
                    )
                self.entries[name] = entry

    @cached_property
    def sha256(self) -> str:
        """Of the file; of several, over their names and hashes."""
        hashes = {file.name: sha256_file(file) for file in self.files}
        return next(iter(hashes.values())) if len(hashes) == 1 else content_hash(hashes)

    @property
    def folder(self) -> Path | None:
        """The folder of the files where that is what the user named (it holds a configuration), else None."""
        parent = self.files[0].parent if self.files else None
        return parent if parent is not None and not self.source.endswith(".safetensors") else None

    def raw(self, name: str) -> bytearray:
        """The bytes of a tensor as stored."""
        entry = self.entries[name]
        data = bytearray(entry.end - entry.start)
        with entry.file.open("rb", buffering=0) as stream:
            stream.seek(entry.start)
            view, done = memoryview(data), 0
            while done < len(data):
                count = stream.readinto(view[done:])
                if not count:
                    raise UserError(f"{entry.file} ends within {name}: it changed while it was read. Copy it again.")
                done += count
        return data

    def read(self, name: str) -> torch.Tensor:
        """A floating tensor: float64 where stored so, else float32."""
        import torch

        entry = self.entries[name]
        if not entry.numel:
            return torch.zeros(entry.shape)
        stored = torch.frombuffer(self.raw(name), dtype=getattr(torch, FLOATS[entry.dtype])).reshape(entry.shape)
        return stored if entry.dtype == "F64" else stored.to(torch.float32)


class Zeros(Checkpoint):
    """A model of zeros in another one's shape: the base of adapters, whose zero is "no change"."""

    def __init__(self, like: Checkpoint) -> None:
        self.source = "zeros"
        self.files = ()
        self.entries = dict(like.entries)

    @cached_property
    def sha256(self) -> str:
        """Of the word, since there is no file."""
        return content_hash("zeros")

    def raw(self, name: str) -> bytearray:
        """Zero bytes."""
        entry = self.entries[name]
        return bytearray(entry.end - entry.start)


def read_header(file: Path) -> dict[str, Entry]:
    """Name -> entry of a safetensors file; the package's own reader has checked the offsets.

    Raises:
        UserError: not a safetensors file, or a damaged one.
    """
    from safetensors import SafetensorError, safe_open

    if file.suffix != ".safetensors":
        raise UserError(f"{file} is no .safetensors file. Convert it first: other formats can run code when read.")
    try:
        with safe_open(file, framework="numpy"):
            pass
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header: Mapping[str, dict] = json.loads(stream.read(length))
    except FileNotFoundError:
        raise UserError(f"No model at {file}. Name an existing .safetensors file.") from None
    except (SafetensorError, ValueError, OSError) as error:
        raise UserError(f"{file} is not a readable safetensors file ({error}). Copy it again.") from error
    found = {}
    for name, each in header.items():
        if name != "__metadata__":
            first, last = each["data_offsets"]
            found[name] = Entry(file, each["dtype"], tuple(each["shape"]), 8 + length + first, 8 + length + last)
    return found


def open_checkpoint(source: str) -> Checkpoint:
    """The model at a path, or of a hub id ("owner/name", "owner/name:subfolder") in the local cache.

    Raises:
        UserError: nothing is there, or not one model; the network is never asked.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        return Checkpoint(source, _files_of(path))
    # A repository's name may end like a file's ("owner/model-2.1"); only weights have these endings.
    if path.exists() or path.suffix in (".safetensors", *UNSAFE) or source.count("/") != 1:
        return Checkpoint(source, [path])
    return Checkpoint(source, _cached(source))


def _files_of(folder: Path) -> list[Path]:
    for name in WEIGHT_FILES:
        index = folder / f"{name}.index.json"
        if index.is_file():
            return _shards(index)
    for name in WEIGHT_FILES:
        if (folder / name).is_file():
            return [folder / name]
    files = sorted(folder.glob("*.safetensors"))
    if len(files) != 1:
        raise UserError(f"{folder} holds {len(files)} .safetensors files and none of the usual names. Name a file.")
    return files


def _shards(index: Path) -> list[Path]:
    try:
        names = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{index} is not an index of weight files. Download it again.") from error
    outside = [name for name in names if Path(name).name != name]
    if outside:
        raise UserError(f"{index} names a file outside its folder ({outside[0]}): not read.")
    return [index.parent / name for name in sorted(names)]


def _cached(source: str) -> list[Path]:
    from huggingface_hub import try_to_load_from_cache

    repository, _, subfolder = source.partition(":")
    prefix = f"{subfolder}/" if subfolder else ""
    for name in [f"{each}.index.json" for each in WEIGHT_FILES] + list(WEIGHT_FILES):
        found = try_to_load_from_cache(repository, prefix + name)
        if isinstance(found, str):
            return _shards(Path(found)) if name.endswith(".json") else [Path(found)]
    raise UserError(
        f"No model at {source}, and no such repository in the local hub cache. Download it first: hf "
        f"download {repository}"
    )
