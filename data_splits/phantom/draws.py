"""Deterministic random draws for the phantom, the same on every machine and numpy version.

numpy guarantees the stream of a *bit generator* (`PCG64.random_raw`) for ever, but not that of `Generator` methods
(NEP 19). So every draw here is built from raw 64-bit words, and each draw consumes a fixed number of words: a last-bit
difference in a parameter can never shift the draws that come after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

SUM_MEAN = 131070.0  # of four uniform 16-bit integers: 4 (2^16 - 1) / 2
SUM_SD = 37837.225  # sqrt(4 (2^32 - 1) / 12)

T = TypeVar("T")


class Draws:
    """A stream of draws keyed by any strings and integers, e.g. `Draws(seed, "train", patient_id)`.

    The key is hashed by sha256 into the seed of a PCG64. Every scalar draw takes exactly one raw word.
    """

    def __init__(self, *key: str | int) -> None:
        digest = hashlib.sha256("\x1f".join(str(part) for part in key).encode()).digest()
        words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4)]
        self._bits = np.random.PCG64(np.random.SeedSequence(words))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """One draw from [low, high)."""
        return low + (high - low) * ((int(self._bits.random_raw()) >> 11) * 2.0**-53)

    def normal(self, mean: float = 0.0, sd: float = 1.0) -> float:
        """One nearly normal draw: the sum of four uniform 16-bit numbers, so bounded to mean +- 3.46 sd."""
        word = int(self._bits.random_raw())
        total = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)
        return mean + sd * ((total - SUM_MEAN) / SUM_SD)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, each equally likely."""
        return options[int(self.uniform(0, len(options)))]

    def integer(self, low: int, high: int) -> int:
        """One of low, ..., high (inclusive)."""
        return low + int(self.uniform(0, high - low + 1))

    def normal_field(self, shape: tuple[int, int]) -> np.ndarray:
        """Nearly normal white noise, float64 of the given shape, mean 0 and variance 1."""
        return _irwin_hall(self._bits.random_raw(shape[0] * shape[1])).reshape(shape)


def _irwin_hall(words: np.ndarray) -> np.ndarray:
    """Sum of the four 16-bit parts of each word, standardised; exact in integers before the one division."""
    mask = np.uint64(0xFFFF)
    total = words & mask
    for shift in (16, 32, 48):
        total = total + ((words >> np.uint64(shift)) & mask)
    return (total.astype(np.float64) - SUM_MEAN) / SUM_SD
