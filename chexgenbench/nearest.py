"""Exact nearest neighbours by blocked matrix products.

Products are taken in float32 on centred features. A rounding bound per pair says which comparisons they cannot decide;
those pairs alone are measured again, as sums of squared differences in float64. So every distance and every decision is
that of float64 arithmetic on the features, whatever the block size, and memory is O(block x tile).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Index = NDArray[np.int64]

BLOCK = 2048
"""Rows taken at a time."""

TILE = 4096
"""Columns of one matrix product."""

CROWDED = 64
"""More undecided pairs a row than this, and a tile is done again in float64."""

PAIRS_AT_ONCE = 4096

PAIRS_HELD = 4_000_000
"""Candidate pairs, after which those that have become impossible are dropped."""


@dataclass(frozen=True)
class Points:
    """Feature rows seen from a centre, with exact duplicates folded together.

    Attributes:
        features: float32[n, d] as given. centre: float64[d].
        first: int64[u], a row of each distinct vector. member: int64[n], the distinct vector of each row.
    """

    features: Float32
    centre: Float64
    first: Index
    member: Index

    @classmethod
    def of(cls, features: NDArray[Any], centre: Float64) -> Points:
        """Raises ValueError for features that are not finite float32[n, d]."""
        if features.ndim != 2 or features.dtype != np.float32:
            raise ValueError(f"features must be float32[n, d], not {features.dtype}{list(features.shape)}")
        seen: dict[bytes, int] = {}
        first: list[int] = []
        member = np.empty(len(features), np.int64)
        for start in range(0, len(features), BLOCK):
            if not np.isfinite(features[start : start + BLOCK]).all():
                raise ValueError("features hold NaN or infinity")
        for row, vector in enumerate(features):
            key = hashlib.blake2b((vector + np.float32(0.0)).tobytes(), digest_size=16).digest()
            found = seen.setdefault(key, len(first))
            if found == len(first):
                first.append(row)
            member[row] = found
        return cls(features, centre, np.asarray(first, np.int64), member)

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def weight(self) -> Index:
        """int64[u], rows that share each distinct vector."""
        return np.bincount(self.member, minlength=len(self.first))

    @cached_property
    def by_vector(self) -> Index:
        """int64[n], rows ordered by the vector they hold, then by number."""
        return np.argsort(self.member, kind="stable")

    @cached_property
    def begins(self) -> Index:
        """int64[u], where the rows of each distinct vector begin in `by_vector`."""
        return np.cumsum(self.weight) - self.weight

    @cached_property
    def squares(self) -> Float64:
        """float64[u], squared distance of each distinct vector from the centre."""
        result = np.empty(len(self))
        for start in range(0, len(self), BLOCK):
            rows = slice(start, start + BLOCK)
            centred = self.features[self.first[rows]].astype(np.float64) - self.centre
            result[rows] = (centred * centred).sum(axis=1)
        return result

    def centred(self, rows: slice, dtype: type[np.floating[Any]]) -> NDArray[Any]:
        """A few distinct vectors less the centre."""
        return (self.features[self.first[rows]].astype(np.float64) - self.centre).astype(dtype)

    def exact(self, other: Points, i: Index, j: Index) -> Float64:
        """Squared distances of pairs of distinct vectors as float64 sums of squared differences: float64[pairs]."""
        result = np.empty(len(i))
        for start in range(0, len(i), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            gap = self.features[self.first[i[part]]].astype(np.float64)
            gap -= other.features[other.first[j[part]]]
            result[part] = (gap * gap).sum(axis=1)
        return result


def slack(dim: int, dtype: type[np.floating[Any]]) -> float:
    """Bound of |computed - true| / (|a|^2 + |b|^2) for a squared distance by the expanded square in `dtype`.

    A product of d terms errs by at most d u |a||b| (u the unit roundoff) in any order of summation; centring, squares
    and the final subtractions add a few u, and |a||b| is at most half of the sum of squares. `eps` is 2u, so
    this is twice the bound.
    """
    return (dim + 16) * float(np.finfo(dtype).eps)


Tile = Callable[[type[np.floating[Any]]], tuple[NDArray[Any], float]]


def tiles(rows: Points, columns: Points, block: slice, tile: int, start: int = 0) -> Iterator[tuple[slice, Tile]]:
    """Column spans from `start`, each with a function dtype -> (lower bounds of squared distances, slack)."""
    dim = rows.features.shape[1]
    left: dict[type[np.floating[Any]], NDArray[Any]] = {}
    for begin in range(start, len(columns), tile):
        span = slice(begin, min(begin + tile, len(columns)))

        def bounds(dtype: type[np.floating[Any]], span: slice = span) -> tuple[NDArray[Any], float]:
            if dtype not in left:
                left[dtype] = rows.centred(block, dtype)
            c = slack(dim, dtype)
            lower = left[dtype] @ columns.centred(span, dtype).T
            lower *= -2.0
            lower += ((1.0 - c) * rows.squares[block]).astype(dtype)[:, None]
            lower += ((1.0 - c) * columns.squares[span]).astype(dtype)
            return lower, 2.0 * c

        yield span, bounds


def nearest(
    queries: NDArray[Any], references: NDArray[Any], k: int, *, block: int = BLOCK, tile: int = TILE
) -> tuple[Index, Float64]:
    """The k nearest references of every query, exactly; equal distances are ordered by row number.

    Args:
        queries: float32[n, d]. references: float32[m, d], m >= k.

    Returns:
        int64[n, k] row numbers and float64[n, k] Euclidean distances, ascending; independent of `block` and `tile`.

    Raises:
        ValueError: fewer than k references, or features that are not finite float32 of one dimension.

    Cost: O(n m d) time, O(block x tile + n k) memory besides the features.
    """
    if not 1 <= k <= len(references):
        raise ValueError(f"k = {k} neighbours among {len(references)} references")
    if queries.ndim != 2 or references.ndim != 2 or queries.shape[1] != references.shape[1]:
        raise ValueError(f"queries {queries.shape} and references {references.shape} do not share a dimension")
    centre = references.mean(axis=0, dtype=np.float64)
    index, squared = nearest_points(Points.of(queries, centre), Points.of(references, centre), k, block, tile)
    return index, np.sqrt(squared)


def nearest_points(rows: Points, columns: Points, k: int, block: int, tile: int) -> tuple[Index, Float64]:
    """As `nearest`, for prepared points; squared distances. A point that both sides hold is its own neighbour.

    Where both sides are the same object each product serves two blocks, which halves the time.
    """
    distinct = min(k, len(columns))
    index, squared = np.empty((len(rows), k), np.int64), np.empty((len(rows), k))
    if rows is columns:
        search = _Search(rows, columns, distinct, slice(0, len(rows)))
        for start in range(0, len(rows), block):
            part = slice(start, min(start + block, len(rows)))
            for span, bounds in tiles(rows, columns, part, tile, start):
                search.look(part, span, bounds, mirror=True)
        index[:], squared[:] = _ranked(rows, columns, k, *search.candidates())
        return index[rows.member], squared[rows.member]
    for start in range(0, len(rows), block):
        part = slice(start, min(start + block, len(rows)))
        search = _Search(rows, columns, distinct, part)
        for span, bounds in tiles(rows, columns, part, tile):
            search.look(part, span, bounds)
        index[part], squared[part] = _ranked(rows, columns, k, *search.candidates())
    return index[rows.member], squared[rows.member]


Pairs = tuple[Index, Index, Float64, Float64]
"""Rows, columns, and lower and upper bounds of their squared distances."""


class _Search:
    """Pairs that hold the k nearest distinct columns of every row of `part`, and few others."""

    def __init__(self, rows: Points, columns: Points, k: int, part: slice) -> None:
        self.rows, self.columns, self.k, self.first = rows, columns, k, part.start
        self.upper = np.full((part.stop - part.start, k), np.inf)
        self.found: list[Pairs] = []
        self.held = 0

    def look(self, part: slice, span: slice, bounds: Tile, mirror: bool = False) -> None:
        """Search a tile: for the rows of `part` and, where `mirror`, for the columns of `span` beyond them as well."""
        beyond = slice(max(part.stop, span.start), span.stop)
        both = mirror and beyond.start < beyond.stop
        for dtype in (np.float32, np.float64):
            lower, gap = bounds(dtype)
            new = [self._near(part, span, lower, gap)]
            if both:
                new.append(self._near(beyond, part, lower[:, beyond.start - span.start :].T, gap))
            if sum(len(each[0]) for each in new) <= CROWDED * (len(lower) + both * lower.shape[1]):
                break
        for target, pairs in zip((part, beyond), new, strict=False):
            here = slice(target.start - self.first, target.stop - self.first)
            self.upper[here] = _smallest(self.upper[here], pairs[0] - target.start, pairs[3])
            self.found.append(pairs)
            self.held += len(pairs[0])
        if self.held > PAIRS_HELD:
            self.found = [self._kept()]
            self.held = len(self.found[0][0])

    def candidates(self) -> tuple[Index, Index]:
        """Pairs that may be among the k nearest."""
        return self._kept()[:2]

    def _near(self, part: slice, span: slice, lower: NDArray[Any], gap: float) -> Pairs:
        squares, others = self.rows.squares[part], self.columns.squares[span]
        limit = self.upper[part.start - self.first : part.stop - self.first, -1]
        if not np.isfinite(limit).all():
            limit = np.minimum(limit, _kth_upper(lower, squares, others, gap, self.k))
        i, j = np.nonzero(lower <= not_below(limit, lower.dtype)[:, None])
        low = lower[i, j].astype(np.float64)
        return i + part.start, j + span.start, low, low + gap * (squares[i] + others[j])

    def _kept(self) -> Pairs:
        i, j, low, high = (np.concatenate(each) for each in zip(*self.found, strict=True))
        keep = low <= self.upper[i - self.first, -1]
        return i[keep], j[keep], low[keep], high[keep]


def _ranked(rows: Points, columns: Points, k: int, i: Index, j: Index) -> tuple[Index, Float64]:
    """The k nearest original rows of each query among candidate pairs, by exact distance, then row number."""
    distance = rows.exact(columns, i, j)
    # Every image that shares a candidate vector is a neighbour; k of them are enough.
    copies = np.minimum(columns.weight[j], k)
    offset = np.arange(copies.sum()) - np.repeat(np.cumsum(copies) - copies, copies)
    original = columns.by_vector[np.repeat(columns.begins[j], copies) + offset]
    i, distance = np.repeat(i, copies), np.repeat(distance, copies)
    order = np.lexsort((original, distance, i))
    order = order[_rank(i[order]) < k]
    return original[order].reshape(-1, k), distance[order].reshape(-1, k)


def _kth_upper(lower: NDArray[Any], squares: Float64, others: Float64, gap: float, k: int) -> Float64:
    """Upper bound of each row's k-th smallest distance within a first tile; infinity if the tile is narrower than k."""
    if lower.shape[1] < k:
        return np.full(len(lower), np.inf)
    kth = np.partition(lower, k - 1, axis=1)[:, k - 1].astype(np.float64)
    return np.asarray(kth + gap * (squares + float(others.max())))


def not_below(limit: Float64, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The limit in `dtype`, rounded up, so that a comparison in `dtype` never drops a pair that belongs in."""
    return np.nextafter(limit.astype(dtype), np.array(np.inf, dtype))


def _smallest(upper: Float64, i: Index, high: Float64) -> Float64:
    """The k smallest of each row's upper bounds, old and new, ascending."""
    n, k = upper.shape
    row = np.concatenate([np.repeat(np.arange(n), k), i])
    value = np.concatenate([upper.reshape(-1), high])
    order = np.lexsort((value, row))
    keep = order[_rank(row[order]) < k]
    return value[keep].reshape(n, k)


def _rank(rows: Index) -> Index:
    """Position of each entry within its run of equal, sorted row numbers."""
    if not len(rows):
        return np.zeros(0, np.int64)
    begin = np.concatenate([[True], rows[1:] != rows[:-1]])
    starts = np.flatnonzero(begin)
    return np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
