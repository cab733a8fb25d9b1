"""Balls around images: the k-nearest-neighbour statistics behind precision, recall, density and coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.nearest import BLOCK, CROWDED, TILE, Float64, Index, Points, nearest, nearest_points, tiles

__all__ = ["K", "Neighbours", "nearest"]

K = 5
"""The published number of neighbours."""

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

        Cost: O((n + m)^2 d) time; O(block x (tile + d)) memory besides the features: 150 MB at the default sizes.
        """
        if min(len(generated), len(reference)) <= k:
            raise ValueError(f"{len(generated)} and {len(reference)} images; k = {k} neighbours need {k + 1} on each side")
        if generated.ndim != 2 or reference.ndim != 2 or generated.shape[1] != reference.shape[1]:
            raise ValueError(f"features of shapes {generated.shape} and {reference.shape} do not share a dimension")
        centre = reference.mean(axis=0, dtype=np.float64)
        g, r = Points.of(generated, centre), Points.of(reference, centre)
        # The image itself is the first of its k + 1 nearest.
        radius_g = nearest_points(g, g, k + 1, block, tile)[1][:, -1]
        radius_r = nearest_points(r, r, k + 1, block, tile)[1][:, -1]
        balls, hit_g = _inside(g, r, radius_r[r.first], block, tile)
        _, in_generated = _inside(r, g, radius_g[g.first], block, tile)
        balls = balls[g.member]
        return cls(
            k=k,
            generated_radii=np.sqrt(radius_g),
            reference_radii=np.sqrt(radius_r),
            in_reference=balls > 0,
            balls=balls,
            in_generated=(_ > 0)[r.member],
            covered=hit_g[r.member],
        )
