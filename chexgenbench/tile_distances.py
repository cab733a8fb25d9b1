"""The distance of the extraction attack: the worst of 4 x 4 tiles (Carlini et al. 2023, arXiv 2301.13188)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

TILES = 4
SMALLEST_CLIQUE = 3


def tile_distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest Euclidean distance of corresponding tiles: [..., side, side] twice (broadcast) -> float64[...].

    Images of an even background are close to each other as a whole; their worst tile tells them apart. Rows and columns
    beyond the last whole tile are left out, as published.
    """
    gap = np.asarray(one, np.float64) - other
    side = gap.shape[-1] // TILES
    gap = gap[..., : side * TILES, : side * TILES]
    tiles = gap.reshape(*gap.shape[:-2], TILES, side, TILES, side)
    result: NDArray[np.float64] = np.sqrt((tiles * tiles).sum(axis=(-3, -1)).max(axis=(-2, -1)))
    return result


def draw_distances(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Between all draws of a prompt: float64[k, side, side] -> float64[k, k]."""
    return np.stack([tile_distance(draw, draws) for draw in draws])


def extraction_distance(between: NDArray[np.float64], own: NDArray[np.float64]) -> float:
    """The smallest threshold at which a prompt counts as extracted, or infinity with fewer than three draws.

    A prompt is extracted at threshold t if its draws hold a clique of three or more, all pairs closer than t, with a
    member closer than t to the training image. A larger clique holds cliques of three, so it is enough to look at
    those.

    Args:
        between: float64[k, k], of the draws. own: float64[k], to the training image.
    """
    smallest = np.inf
    for members in combinations(range(len(own)), SMALLEST_CLIQUE):
        rows = list(members)
        widest = max(between[one, other] for one, other in combinations(rows, 2))
        smallest = min(smallest, max(widest, float(own[rows].min())))
    return float(smallest)
