"""The magnitude above which a share of a vector's entries lies, exactly, without holding the vector."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

HALF = 16
"""Bits of a float32 magnitude are looked at in two halves: 65,536 counts each."""

CHUNK = 2**18


def kept_count(total: int, density: float) -> int:
    """floor(density * total), at least 1: how many entries of largest magnitude a trim keeps (ties are all kept)."""
    return max(1, min(total, int(density * total + 1e-9)))


def magnitude_threshold(parts: Callable[[], Iterable[torch.Tensor]], keep: int) -> float:
    """The `keep`-th largest magnitude of a vector given in parts.

    The bit pattern of a positive float32 rises with its value, so two passes of counting find it: first the upper
    half of its bits, then the lower half among those. Memory: 65,536 counts and a chunk.

    Args:
        parts: gives the parts of the vector, each time anew. Magnitudes are taken in float32.
        keep: 1 to the number of entries.
    """
    import torch

    def counts(upper: int | None) -> torch.Tensor:
        found = torch.zeros(1 << HALF, dtype=torch.int64)
        for part in parts():
            for piece in part.reshape(-1).split(CHUNK):
                bits = piece.to(torch.float32).abs().view(torch.int32)
                chosen = bits >> HALF if upper is None else bits[bits >> HALF == upper] & ((1 << HALF) - 1)
                found += torch.bincount(chosen, minlength=1 << HALF)
        return found

    upper, left = _from_above(counts(None), keep)
    lower, _ = _from_above(counts(upper), left)
    return float(torch.tensor([upper << HALF | lower], dtype=torch.int32).view(torch.float32)[0])


def trimmed(vector: torch.Tensor, threshold: float) -> torch.Tensor:
    """The entries whose magnitude (in float32) reaches a threshold; 0 elsewhere."""
    return vector * (vector.float().abs() >= threshold)


def _from_above(counts: torch.Tensor, keep: int) -> tuple[int, int]:
    """The bin of the `keep`-th largest entry, and how many of that bin are among the kept."""
    above = counts.flip(0).cumsum(0).flip(0)
    place = int((above >= keep).nonzero()[-1])
    return place, keep - int(above[place] - counts[place])
