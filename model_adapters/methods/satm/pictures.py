"""The real images at the size of the condensed ones: decoded once, block by block, so that a kill loses one block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.case import Case
from data_splits.integrity import atomic_write
from data_splits.split import Split
from model_adapters.encoders.preprocessing import Filter, squashed

BLOCK = 64
"""Images of a file."""

Pictures = NDArray[np.float32]
"""float32[n, 1, side, side], grey levels in [0, 1]."""


def blocks_of(count: int) -> int:
    """Files that so many images take."""
    return -(-count // BLOCK)


def decoded(split: Split, cases: Sequence[Case], side: int, folder: Path, step: Callable[[int], None]) -> Pictures:
    """Every image, squashed to `side` px by antialiased bilinear, mean over channels.

    Args:
        folder: holds a file a block; those that are there are not decoded again.
        step: called with the number of blocks that are safe on disk, for new ones.

    Raises:
        ImageUnreadable: an image cannot be read; nothing is put in its place.
    """
    from safetensors.numpy import load_file, save

    parts = []
    for number in range(blocks_of(len(cases))):
        path = folder / f"block-{number:04d}.safetensors"
        if not path.is_file():
            made = [small(split.read_image(case), side) for case in cases[number * BLOCK : (number + 1) * BLOCK]]
            with atomic_write(path) as stream:
                stream.write(save({"images": np.stack(made)}))
            step(number + 1)
        parts.append(load_file(path)["images"])
    return np.concatenate(parts)


def small(image: NDArray[np.uint8], side: int) -> Pictures:
    """float32[1, side, side] in [0, 1] of one displayed image."""
    grey = np.stack(squashed(image, side, Filter.BILINEAR, rounded=False)).mean(axis=0, dtype=np.float32)
    return np.clip(grey / np.float32(255), 0.0, 1.0)[None]


@dataclass(frozen=True)
class Scale:
    """Grey levels in [0, 1] to what networks see, (x - mean) / deviation over all training pixels, and back."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, pictures: Pictures) -> Scale:
        """Of training images; a deviation of a constant image is taken as 1."""
        deviation = float(pictures.std(dtype=np.float64))
        return cls(float(pictures.mean(dtype=np.float64)), deviation if deviation > 1e-6 else 1.0)

    @property
    def bounds(self) -> tuple[float, float]:
        """Black and white as networks see them."""
        return (0.0 - self.mean) / self.deviation, (1.0 - self.mean) / self.deviation

    def standardised(self, pictures: Pictures) -> Pictures:
        """As networks see them."""
        return ((pictures - np.float32(self.mean)) / np.float32(self.deviation)).astype(np.float32)

    def beyond(self, seen: Pictures) -> float:
        """Share of pixels that lie beyond black or white by more than a rounding error."""
        low, high = self.bounds
        return float(((seen < low - 1e-3) | (seen > high + 1e-3)).mean())

    def bytes_of(self, seen: Pictures) -> NDArray[np.uint8]:
        """uint8[n, side, side] of float32[n, 1, side, side] as networks see them: rounded, cut to black and white."""
        grey = np.clip(seen[:, 0].astype(np.float64) * self.deviation + self.mean, 0.0, 1.0)
        return np.round(grey * 255).astype(np.uint8)
