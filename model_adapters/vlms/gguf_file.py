"""The header of a GGUF file (version 3, little-endian), read in half a second.

`gguf.GGUFReader` makes a memory map view of each of 98,000 strings, which takes several seconds; here they are cut out
of the bytes. Layout: magic, version, counts; key-value pairs; tensor descriptions; padding; tensor data.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_splits.errors import UserError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies.

    Attributes:
        shape: as numpy has it (a GGUF stores it reversed). kind: number of the quantisation. start: byte in the file.
    """

    name: str
    shape: tuple[int, ...]
    kind: int
    start: int


@dataclass(frozen=True)
class Header:
    """Key-value pairs and tensors of a GGUF file."""

    fields: dict[str, Any]
    tensors: tuple[Tensor, ...]


def read_header(path: Path) -> Header:
    """Everything but the tensors' data.

    Raises:
        UserError: not a GGUF file of version 3.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != b"GGUF" or struct.unpack_from("<I", data, 4)[0] != 3:
            raise UserError(f"{path} is not a GGUF file of version 3.")
        cursor = _Cursor(data, 8)
        tensors, pairs = cursor.scalar("Q"), cursor.scalar("Q")
        fields = {}
        for _ in range(pairs):
            name = cursor.string()
            fields[name] = cursor.value(cursor.scalar("I"))
        found = []
        for _ in range(tensors):
            name = cursor.string()
            shape = tuple(cursor.scalar("Q") for _ in range(cursor.scalar("I")))
            found.append((name, shape[::-1], cursor.scalar("I"), cursor.scalar("Q")))
        step = fields.get("general.alignment", 32)
        base = -(-cursor.at // step) * step
    return Header(fields, tuple(Tensor(name, shape, kind, base + start) for name, shape, kind, start in found))


class _Cursor:
    """A place in the bytes that moves on."""

    def __init__(self, data: mmap.mmap, at: int) -> None:
        self._data, self.at = data, at

    def scalar(self, kind: str) -> Any:
        (value,) = struct.unpack_from(f"<{kind}", self._data, self.at)
        self.at += struct.calcsize(kind)
        return value

    def string(self) -> str:
        (length,) = struct.unpack_from("<Q", self._data, self.at)
        start = self.at + 8
        self.at = start + length
        return str(self._data[start : self.at], "utf-8")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            return self.scalar(_SCALARS[kind])
        inner, length = self.scalar("I"), self.scalar("Q")
        if inner in _SCALARS:
            values = struct.unpack_from(f"<{length}{_SCALARS[inner]}", self._data, self.at)
            self.at += struct.calcsize(f"<{length}{_SCALARS[inner]}")
            return list(values)
        return [self.value(inner) for _ in range(length)]
