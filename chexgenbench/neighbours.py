"""Balls around images: the k-nearest-neighbour statistics behind precision, recall, density and coverage."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.nearest import BLOCK, CROWDED, TILE, Float64, Index, Points, nearest, nearest_points, not_below, tiles

__all__ = ["K", "Neighbours", "nearest"]

K = 5
"""The published number of neighbours."""

REMEMBERED = 128
"""Results kept by `Neighbours.shared`; each takes about 30 bytes an image."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Neighbours:
    """Which images lie in which balls. A ball reaches to its centre's k-th nearest neighbour on the same side.

    Attributes:
        k: neighbours. An image lies in a ball if it is closer than the radius, not if equally far (as `prdc`).
        generated_radii, reference_radii: float64[n], float64[m].
        in_reference: bool[n], the generated image lies in a ball of a reference image (precision).
        balls: int64[n], in how many (density).
        in_generated: bool[m], the reference image lies in a ball of a generated image (recall).
        covered: bool[m], the reference image's ball holds a generated image (coverage).
    """

    k: int
    generated_radii: Float64
    reference_radii: Float64
    in_reference: Flags
    balls: Index
    in_generated: Flags
    covered: Flags

    @classmethod
    def of(
        cls,
        generated: NDArray[Any],
        reference: NDArray[Any],
        k: int = K,
        *,
        block: int = BLOCK,
        tile: int = TILE,
    ) -> Neighbours:
        """Exact statistics of two sets of features, the same for any block and tile size.

        Args:
            generated: float32[n, d]. reference: float32[m, d]. Both need more than k rows.

        Raises:
            ValueError: too few rows, different dimensions, or features that are not finite float32.

        Cost: O((n + m)^2 d) time; O(block (tile + d) + n k) memory besides the features. Measured at n = m = 50,000,
        d = 768: 142 s of one core, 185 MiB beside 293 MiB of features (benchmarks/kernel_and_neighbours.py).
        """
        if min(len(generated), len(reference)) <= k:
            raise ValueError(
                f"{len(generated)} and {len(reference)} images; k = {k} neighbours need {k + 1} on each side"
            )
        if generated.ndim != 2 or reference.ndim != 2 or generated.shape[1] != reference.shape[1]:
            raise ValueError(f"features of shapes {generated.shape} and {reference.shape} do not share a dimension")
        centre = reference.mean(axis=0, dtype=np.float64)
        g, r = Points.of(generated, centre), Points.of(reference, centre)
        # The image itself is the first of its k + 1 nearest.
        radius_g = nearest_points(g, g, k + 1, block, tile)[1][:, -1]
        radius_r = nearest_points(r, r, k + 1, block, tile)[1][:, -1]
        balls, in_generated, covered = _inside(g, r, radius_g[g.first], radius_r[r.first], block, tile)
        return cls(
            k=k,
            generated_radii=np.sqrt(radius_g),
            reference_radii=np.sqrt(radius_r),
            in_reference=balls[g.member] > 0,
            balls=balls[g.member],
            in_generated=in_generated[r.member],
            covered=covered[r.member],
        )

    @classmethod
    def shared(cls, generated: NDArray[Any], reference: NDArray[Any], k: int = K) -> Neighbours:
        """As `of`, remembered by the bytes of the features, because four metrics ask for the same statistics."""
        digest = hashlib.blake2b(repr((k, generated.shape, reference.shape)).encode(), digest_size=32)
        for features in (generated, reference):
            digest.update(np.ascontiguousarray(features).data)
        key = digest.digest()
        if key not in _RECENT:
            _RECENT[key] = cls.of(generated, reference, k)
            while len(_RECENT) > REMEMBERED:
                _RECENT.popitem(last=False)
        _RECENT.move_to_end(key)
        return _RECENT[key]


_RECENT: OrderedDict[bytes, Neighbours] = OrderedDict()


def _inside(
    g: Points, r: Points, radius_g: Float64, radius_r: Float64, block: int, tile: int
) -> tuple[Index, Flags, Flags]:
    """For distinct vectors: the r-balls around each g; whether each r is in a g-ball, and whether its ball holds a g.

    Args:
        radius_g, radius_r: float64[len(g)], float64[len(r)], squared.
    """
    balls, in_generated, covered = np.zeros(len(g), np.int64), np.zeros(len(r), bool), np.zeros(len(r), bool)
    for start in range(0, len(g), block):
        part = slice(start, min(start + block, len(g)))
        for span, bounds in tiles(g, r, part, tile):
            for dtype in (np.float32, np.float64):
                lower, gap = bounds(dtype)
                around_r, around_g = radius_r[span], radius_g[part]
                near = lower <= not_below(around_r, lower.dtype)
                near |= lower <= not_below(around_g, lower.dtype)[:, None]
                i, j = np.nonzero(near)
                low = lower[i, j].astype(np.float64)
                high = low + gap * (g.squares[part][i] + r.squares[span][j])
                unsure = _straddles(around_r[j], low, high) | _straddles(around_g[i], low, high)
                if unsure.sum() <= CROWDED * len(lower):
                    break
            high[unsure] = g.exact(r, i[unsure] + start, j[unsure] + span.start)
            holds = high < around_r[j]
            balls[part] += np.bincount(i[holds], r.weight[span][j[holds]], minlength=len(lower)).astype(np.int64)
            covered[span] |= np.bincount(j[holds], minlength=len(near.T)) > 0
            in_generated[span] |= np.bincount(j[high < around_g[i]], minlength=len(near.T)) > 0
    return balls, in_generated, covered


def _straddles(radius: Float64, low: Float64, high: Float64) -> Flags:
    """Whether the bounds of a squared distance leave open if it is below a squared radius."""
    return (low < radius) & (high >= radius)
