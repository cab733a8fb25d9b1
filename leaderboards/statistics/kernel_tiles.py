"""Kernel matrices tile by tile: what an MMD needs of n x n kernels without ever holding one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import ordered_map

Float = NDArray[np.float64]

TILE = 512
"""Rows and columns of a tile. Fixed, and counted from row 0, so that a sum never depends on the memory at hand."""

STRIPS = 16
"""Strips of tiles handed to the cores at a time."""


@dataclass(frozen=True)
class Polynomial:
    """k(x, y) = (gamma <x, y> + coef)^degree; KID (Binkowski et al. 2018) takes degree 3, gamma = 1/d, coef = 1."""

    gamma: float
    coef: float = 1.0
    degree: int = 3

    @classmethod
    def of_kid(cls, dim: int) -> Polynomial:
        """The kernel of KID for features of `dim` dimensions."""
        return cls(gamma=1.0 / dim)

    def __call__(self, x: Float, y: Float) -> Float:
        """float64[a, d], float64[b, d] -> float64[a, b]."""
        return self._of_products(x @ y.T)

    def pairs(self, x: Float, y: Float) -> Float:
        """k(x_i, y_i) row by row: float64[a, d], float64[a, d] -> float64[a]."""
        return self._of_products((x * y).sum(axis=1))

    def _of_products(self, base: Float) -> Float:
        base *= self.gamma
        base += self.coef
        kernel = base.copy()
        for _ in range(self.degree - 1):
            kernel *= base
        return kernel


@dataclass(frozen=True)
class RBF:
    """k(x, y) = exp(-||x - y||^2 / (2 bandwidth^2))."""

    bandwidth: float

    def __post_init__(self) -> None:
        if not self.bandwidth > 0:
            raise ValueError(f"bandwidth is {self.bandwidth}; it must be positive")

    def __call__(self, x: Float, y: Float) -> Float:
        """float64[a, d], float64[b, d] -> float64[a, b]."""
        distances = squared_distances(x, y)
        distances *= -0.5 / self.bandwidth**2
        return np.exp(distances, out=distances)

    def pairs(self, x: Float, y: Float) -> Float:
        """k(x_i, y_i) row by row: float64[a, d], float64[a, d] -> float64[a]."""
        return np.exp(((x - y) ** 2).sum(axis=1) * (-0.5 / self.bandwidth**2))


Kernel = Polynomial | RBF


def squared_distances(x: Float, y: Float) -> Float:
    """||x_i - y_j||^2 by the expanded square, never negative: float64[a, d], float64[b, d] -> float64[a, b]."""
    distances = x @ y.T
    distances *= -2.0
    distances += (x * x).sum(axis=1)[:, None]
    distances += (y * y).sum(axis=1)
    return np.maximum(distances, 0.0, out=distances)


def spans(n: int, size: int = TILE) -> Iterator[slice]:
    """Slices of at most `size` that cover n rows."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def rows64(features: NDArray[Any], rows: slice, centre: Float | None = None) -> Float:
    """A few feature rows in double precision, less `centre`."""
    block = features[rows].astype(np.float64)
    return block if centre is None else block - centre


def row_sums(x: NDArray[Any], y: NDArray[Any], kernel: Kernel, centre: Float | None = None) -> tuple[Float, Float]:
    """Sums of k(x_i, y_j) over j for every i, and over i for every j. Memory O(TILE (TILE + d)) a core, in float64.

    Args:
        x, y: float32[n, d], float32[m, d].
        centre: float64[d] subtracted from both; a translation changes no RBF kernel and removes cancellation.

    Returns:
        float64[n], float64[m], the same bits for any number of cores.
    """

    def strip(rows: slice) -> tuple[Float, Float]:
        block, own, other = rows64(x, rows, centre), np.zeros(rows.stop - rows.start), np.zeros(len(y))
        for columns in spans(len(y)):
            values = kernel(block, rows64(y, columns, centre))
            own += values.sum(axis=1)
            other[columns] = values.sum(axis=0)
        return own, other

    return _collected(strip, len(x), len(y), x.shape[1])


def symmetric_row_sums(x: NDArray[Any], kernel: Kernel, centre: Float | None = None) -> Float:
    """Sums of k(x_i, x_j) over all j, the diagonal included, for every i: float64[n]; each tile is computed once."""

    def strip(rows: slice) -> tuple[Float, Float]:
        block, own, other = rows64(x, rows, centre), np.zeros(rows.stop - rows.start), np.zeros(len(x))
        for columns in spans(len(x)):
            if columns.start < rows.start:
                continue
            values = kernel(block, block if columns == rows else rows64(x, columns, centre))
            own += values.sum(axis=1)
            if columns != rows:
                other[columns] = values.sum(axis=0)
        return own, other

    above, below = _collected(strip, len(x), len(x), x.shape[1])
    return above + below


def _collected(strip: Callable[[slice], tuple[Float, Float]], n: int, m: int, dim: int) -> tuple[Float, Float]:
    """Row sums side by side and column sums added up in the order of the strips, a few strips at a time."""
    rows, columns = np.zeros(n), np.zeros(m)
    all_spans = list(spans(n))
    for group in (all_spans[start : start + STRIPS] for start in range(0, len(all_spans), STRIPS)):
        results = ordered_map(strip, group, bytes_per_call=8 * TILE * (3 * TILE + 2 * dim) + 8 * m)
        for span, (own, other) in zip(group, results, strict=True):
            rows[span] = own
            columns += other
    return rows, columns


def median_distance(features: NDArray[Any], limit: int = 1000, seed: int = 0) -> float:
    """Median Euclidean distance between different rows: the median heuristic for the bandwidth of an RBF kernel.

    Args:
        features: float32[n, d].
        limit: above this many rows the median is that of a fixed random choice of `limit` rows.

    Raises:
        ValueError: fewer than two rows, or at least half of the pairs coincide.
    """
    if len(features) < 2:
        raise ValueError("a median distance needs at least 2 rows")
    chosen = features
    if len(features) > limit:
        index = np.random.default_rng(seed).choice(len(features), limit, replace=False)
        chosen = features[np.sort(index)]
    x = chosen.astype(np.float64)
    x -= x.mean(axis=0)
    distances = squared_distances(x, x)[np.triu_indices(len(x), 1)]
    median = float(np.sqrt(np.median(distances)))
    if median <= 0.0:
        raise ValueError("at least half of the pairs of images have identical features")
    return median
