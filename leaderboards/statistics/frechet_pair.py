"""Two sides of a Frechet distance, taken apart by blocks of patients; and when that is enough for an interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import one_thread, ordered_map
from leaderboards.statistics.frechet_distance import Gaussian, frechet_distance
from leaderboards.statistics.frechet_sides import BlockSide, effective_count, whole_outer

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MIN_BLOCKS = 6
MAX_SHARE = 1 / 3
PREFIXES = 8
ROTATIONS = 3
POOLED_DIMENSION = 256
"""Below this, matrices are so small that threads cost more than they save."""


def required_count(dimension: int) -> float:
    """Effective images that each side needs in `dimension` dimensions before an interval or a bias correction is given.

    Found by simulation (tests/leaderboards/statistics/test_frechet_coverage.py): the residual bias after the correction
    grows against the standard error like d^1.5 / n, for clustered patients and heavy tails most of all. Above this
    line 95 % intervals covered 90 % or more; well below it (d = 768, n = 400) they cover nothing.
    """
    return max(1.5 * dimension, dimension**1.5 / 7)


def admit(generated: BlockSide, reference: BlockSide) -> tuple[dict[str, float], str | None]:
    """The effective numbers of images, and why no interval can be given (None if it can)."""
    dimension = reference.total.shape[1]
    needed = required_count(dimension)
    sides = (("generated", generated), ("reference", reference))
    for name, side in sides:
        if (images := int(side.count.sum())) < needed:
            return {}, f"{dimension} dimensions need {needed:.0f} images for an interval; {images} are {name}"
    used = np.flatnonzero(generated.count + reference.count)
    if len(used) < MIN_BLOCKS:
        return {}, f"a jackknife needs {MIN_BLOCKS} blocks of patients; there are {len(used)}"
    for name, side in sides:
        if side.count.max() > MAX_SHARE * side.count.sum():
            return {}, f"one block of patients holds more than a third of the {name} images"
    with one_thread():
        effective = {f"effective_{name}": effective_count(side) for name, side in sides}
    for name, side in sides:
        if (number := effective[f"effective_{name}"]) < needed:
            reason = (
                f"{dimension} dimensions need {needed:.0f} independent images for an interval; the "
                f"{int(side.count.sum())} {name} images are worth {number:.0f} (patients repeat, or tails are heavy)"
            )
            return effective, reason
    return effective, None


class FrechetPair:
    """Both sides with their whole sums, so that a block can be taken away or prefixes of blocks built up."""

    def __init__(self, generated: BlockSide, reference: BlockSide) -> None:
        self.sides = (reference, generated)
        with one_thread():
            self.outers = tuple(whole_outer(side) for side in self.sides)
        self.totals = tuple(side.total.sum(axis=0) for side in self.sides)
        self.counts = tuple(int(side.count.sum()) for side in self.sides)
        self.dimension = reference.total.shape[1]
        self.used: Int = np.flatnonzero(generated.count + reference.count)
        shares = [side.count[self.used] / count for side, count in zip(self.sides, self.counts, strict=True)]
        self.share: Float = (shares[0] + shares[1]) / 2

    def deleted(self) -> Float:
        """float64[b], the distance without each of the used blocks."""
        call_bytes = 8 * 8 * self.dimension**2
        budget = 2**30 if self.dimension >= POOLED_DIMENSION else 0
        return np.array(ordered_map(self._without, [int(block) for block in self.used], call_bytes, budget))

    def _without(self, block: int) -> float:
        gaussians = [
            Gaussian.of_sums(count - int(side.count[block]), total - side.total[block], outer - side.outer(block))
            for side, count, total, outer in zip(self.sides, self.counts, self.totals, self.outers, strict=True)
        ]
        return frechet_distance(*gaussians)

    def infinity(self) -> float:
        """Distance at 1/n = 0 on a line through prefixes of half to all of the blocks, from several starting blocks."""
        blocks = len(self.used)
        sizes = np.unique(np.linspace(blocks / 2, blocks, PREFIXES).round().astype(int))
        starts = sorted({rotation * blocks // ROTATIONS for rotation in range(ROTATIONS)})
        points = [point for start in starts for point in self._prefixes(np.roll(self.used, -start), sizes)]
        inverse, distance = np.array(points).T
        return float(np.polynomial.polynomial.polyfit(inverse, distance, 1)[0])

    def _prefixes(self, order: Int, sizes: Int) -> list[tuple[float, float]]:
        count = [0, 0]
        total = [np.zeros(self.dimension) for _ in self.sides]
        outer = [np.zeros((self.dimension, self.dimension)) for _ in self.sides]
        points = []
        with one_thread():
            for taken, block in enumerate(order, start=1):
                for index, side in enumerate(self.sides):
                    count[index] += int(side.count[block])
                    total[index] = total[index] + side.total[block]
                    outer[index] += side.outer(int(block))
                if taken in sizes:
                    gaussians = [Gaussian.of_sums(*sums) for sums in zip(count, total, outer, strict=True)]
                    points.append(((1 / count[0] + 1 / count[1]) / 2, frechet_distance(*gaussians)))
        return points
