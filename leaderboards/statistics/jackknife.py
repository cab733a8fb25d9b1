"""Delete-a-block jackknife: standard error and first-order bias of a statistic whose bias falls like 1/n."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Jackknife:
    """Attributes: corrected: the value less its estimated bias. se: standard error. blocks: how many were deleted."""

    corrected: float
    se: float
    blocks: int

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Student-t interval around `corrected`, with one degree of freedom less than there are blocks."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.blocks - 1, 0.5 + level / 2)) * self.se
        return self.corrected - half, self.corrected + half


def jackknife(value: float, deleted: Float, share: Float) -> Jackknife:
    """Jackknife of a statistic for blocks of unequal size (Busing, Meijer and van der Leeden 1999).

    Args:
        value: the statistic of all data.
        deleted: float64[b], the statistic without block j.
        share: float64[b], the share of the data that block j holds; sums to 1, each in (0, 1).

    Raises:
        ValueError: fewer than two blocks, or a block that holds everything or nothing.
    """
    blocks = len(deleted)
    if blocks < 2:
        raise ValueError("a jackknife needs at least 2 blocks")
    if not ((share > 0) & (share < 1)).all():
        raise ValueError("every block must hold a part of the data, and none all of it")
    inverse = 1.0 / share
    corrected = blocks * value - float(((1.0 - share) * deleted).sum())
    pseudo = inverse * value - (inverse - 1.0) * deleted
    variance = float(((pseudo - corrected) ** 2 / (inverse - 1.0)).mean())
    return Jackknife(corrected, float(np.sqrt(variance)), blocks)
