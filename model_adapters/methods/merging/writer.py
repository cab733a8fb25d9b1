"""Writes a safetensors file tensor by tensor: memory of one tensor, and a kill loses at most one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.integrity import append_lines, atomic_write, disk_error
from model_adapters.methods.merging.checkpoint import BYTES, FLOATS, Entry

if TYPE_CHECKING:
    import torch


class TensorWriter:
    """A safetensors file in the making.

    Its size is known from the start; each tensor is written in its place, flushed, and noted in a journal. The file
    takes its name when all are there. Begun again with the same tensors, it goes on; with others, it starts anew.
    """

    def __init__(self, path: Path, entries: Mapping[str, Entry], dtypes: Mapping[str, str] | None = None) -> None:
        """Open or go on.

        Args:
            path: of the finished file. entries: name -> shape and type as stored.
            dtypes: name -> safetensors type to write instead of the entry's.
        """
        self.path = path
        self.names = sorted(entries)
        self._dtype = {name: (dtypes or {}).get(name, entries[name].dtype) for name in self.names}
        self._offset: dict[str, tuple[int, int]] = {}
        # transformers loads no file that does not say which framework wrote it.
        header: dict[str, object] = {"__metadata__": {"format": "pt"}}
        at = 0
        for name in self.names:
            entry = entries[name]
            size = entry.numel * BYTES[self._dtype[name]] if self._dtype[name] in BYTES else entry.end - entry.start
            header[name] = {"dtype": self._dtype[name], "shape": list(entry.shape), "data_offsets": [at, at + size]}
            self._offset[name] = (at, at + size)
            at += size
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % 8)
        self._head = len(text).to_bytes(8, "little") + text
        self._size = len(self._head) + at
        self._partial = path.parent.parent / f"{path.parent.name}.{path.name}.partial"
        self._journal = self._partial.with_suffix(".journal")
        self.done: set[str] = set(self.names) if path.is_file() else self._begun()

    def _begun(self) -> set[str]:
        if self._partial.is_file() and self._partial.stat().st_size == self._size:
            with self._partial.open("rb") as stream:
                same = stream.read(len(self._head)) == self._head
            if same and self._journal.is_file():
                # Whole lines only: a torn one was not safe yet.
                lines = self._journal.read_text("ascii").split("\n")[:-1]
                return {self.names[int(line)] for line in lines}
        self._journal.unlink(missing_ok=True)
        with atomic_write(self._partial) as stream:
            stream.write(self._head)
            stream.truncate(self._size)
        return set()

    def write(self, name: str, data: torch.Tensor | bytearray) -> None:
        """Put a tensor (cast to its type, on the CPU) or stored bytes in their place, safely on disk.

        Raises:
            ValueError: data of another size.
        """
        first, last = self._offset[name]
        content = data if isinstance(data, bytearray) else to_bytes(data, self._dtype[name])
        if len(content) != last - first:
            raise ValueError(f"{name} has {len(content)} bytes, not {last - first}")
        try:
            with self._partial.open("r+b") as stream:
                stream.seek(len(self._head) + first)
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise disk_error(error, self.path) from error
        append_lines(self._journal, [str(self.names.index(name))])
        self.done.add(name)

    def finish(self) -> Path:
        """Give the file its name.

        Raises:
            ValueError: a tensor is missing.
        """
        if self.path.is_file():
            return self.path
        missing = [name for name in self.names if name not in self.done]
        if missing:
            raise ValueError(f"{missing[0]} was never written")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._partial.replace(self.path)
        self._journal.unlink(missing_ok=True)
        return self.path


def to_bytes(tensor: torch.Tensor, dtype: str) -> memoryview:
    """The little-endian bytes of a tensor in a safetensors type."""
    import torch

    stored = tensor.detach().cpu().to(getattr(torch, FLOATS[dtype])).contiguous().reshape(-1)
    return memoryview(stored.view(torch.uint8).numpy())  # type: ignore[arg-type]
