"""Adapter vectors on disk: a row an adapter, float32, read row by row: memory does not grow with their number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import disk_error, sha256_file

if TYPE_CHECKING:
    import torch

Float = NDArray[np.float32]

BLOCK = 256
"""Rows that are in memory at a time."""


@dataclass(frozen=True)
class Layout:
    """Which tensors a vector holds, in order: name -> shape."""

    shapes: Mapping[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """d, the length of a vector."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def vector(self, tensors: Mapping[str, torch.Tensor]) -> Float:
        """float32[d]: the tensors one after the other."""
        parts = [tensors[name].detach().cpu().float().reshape(-1).numpy() for name in self.shapes]
        return np.concatenate(parts).astype(np.float32)

    def tensors(self, vector: Float) -> dict[str, torch.Tensor]:
        """Name -> tensor of a vector."""
        import torch

        found, at = {}, 0
        for name, shape in self.shapes.items():
            size = math.prod(shape)
            found[name] = torch.from_numpy(np.array(vector[at : at + size], np.float32).reshape(shape))
            at += size
        return found


class VectorFile:
    """Rows of d float32 numbers, little-endian, without a header.

    A memory map would count every page touched as resident; rows are read into memory of our own.
    """

    def __init__(self, path: Path, width: int) -> None:
        self.path, self.width = path, width

    def __len__(self) -> int:
        """How many whole rows there are; a torn last one does not count."""
        return self.path.stat().st_size // (4 * self.width) if self.path.is_file() else 0

    def rows(self, first: int, count: int) -> Float:
        """float32[count, d]: rows in their order."""
        with self.path.open("rb") as stream:
            stream.seek(4 * self.width * first)
            data = stream.read(4 * self.width * count)
        return np.frombuffer(data, "<f4").reshape(-1, self.width).astype(np.float32)

    def picked(self, which: Sequence[int] | NDArray[np.int64]) -> Float:
        """float32[len(which), d]: rows by number."""
        found = np.empty((len(which), self.width), np.float32)
        with self.path.open("rb", buffering=0) as stream:
            for place, row in enumerate(which):
                stream.seek(4 * self.width * int(row))
                found[place] = np.frombuffer(stream.read(4 * self.width), "<f4")
        return found

    def blocks(self) -> Iterator[Float]:
        """All rows, BLOCK at a time."""
        for first in range(0, len(self), BLOCK):
            yield self.rows(first, BLOCK)

    def write(self, first: int, rows: Float) -> None:
        """Put rows in their place, safely on disk; rows may be written again.

        Raises:
            UserError: a number is not finite, or the disk is full.
        """
        if not np.isfinite(rows).all():
            raise UserError("An adapter vector is not finite. Look for a source task or a rate that diverges.")
        import os

        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.path.open("r+b" if self.path.exists() else "wb") as stream:
                stream.seek(4 * self.width * first)
                stream.write(rows.astype("<f4").tobytes())
                stream.truncate()
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise disk_error(error, self.path) from error

    @property
    def sha256(self) -> str:
        """Of the file as it is now."""
        return sha256_file(self.path)


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation of every entry over a zoo; an entry that never changes has deviation 1."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def standardised(self, rows: Float) -> Float:
        """(x - mean) / deviation."""
        return ((rows - self.mean) / self.deviation).astype(np.float32)

    def restored(self, rows: NDArray) -> Float:
        """Back to adapters."""
        return (rows * self.deviation + self.mean).astype(np.float32)


def moments(zoo: VectorFile) -> Moments:
    """In float64, two passes.

    Raises:
        UserError: fewer than two adapters.
    """
    count = len(zoo)
    if count < 2:
        raise UserError(f"A zoo of {count} adapters has no spread. Give at least 2.")
    mean = sum((block.astype(np.float64).sum(axis=0) for block in zoo.blocks()), np.zeros(zoo.width)) / count
    square = sum((((block - mean) ** 2).sum(axis=0) for block in zoo.blocks()), np.zeros(zoo.width))
    deviation = np.sqrt(square / (count - 1))
    return Moments(mean, np.where(deviation > 1e-12, deviation, 1.0))
