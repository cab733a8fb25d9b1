"""Exact search of a large corpus: the k nearest images, or the nearest images of the k nearest patients, of queries.

The corpus is read once, tile by tile, so that it may be larger than memory. Products are taken in float32 on centred
features, with the squared norms as one more dimension; a rounding bound per pair says which columns cannot be ruled
out, and these few are measured again as sums of squared differences in float64. So every distance and every decision
is that of float64 arithmetic on the features, whatever the block, the tile, the centre or the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.nearest import CROWDED, PAIRS_AT_ONCE, not_below, slack

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Index = NDArray[np.int64]

BLOCK = 1024
"""Queries of one matrix product."""

TILE = 1024
"""Corpus images of one matrix product."""

NOBODY = -1
"""The patient of a query that excludes none, and of a neighbour that does not exist."""


@dataclass(frozen=True)
class Found:
    """Neighbours by rising distance; equal distances are ordered by row number.

    Attributes:
        index: int64[n, k], rows of the corpus; -1 where there are fewer than k.
        distance: float64[n, k], Euclidean; infinity where there are fewer than k.
        patient: int64[n, k], patients of the neighbours; -1 where there are fewer than k or none were given.
    """

    index: Index
    distance: Float64
    patient: Index


def search(
    queries: NDArray[Any],
    corpus: NDArray[Any] | Iterable[NDArray[Any]],
    k: int,
    *,
    patients: NDArray[np.int64] | None = None,
    exclude: NDArray[np.int64] | None = None,
    one_per_patient: bool = False,
    block: int = BLOCK,
    tile: int = TILE,
) -> Found:
    """The k nearest corpus images of every query, exactly.

    Args:
        queries: float32[n, d].
        corpus: float32[m, d], or its consecutive parts, each read once.
        k: neighbours; small (time is that of the matrix product up to k of about 10).
        patients: int64[m], not negative, the patient of each corpus image.
        exclude: int64[n], the patient whose images are no neighbours of a query, or -1. With the corpus as queries and
            its patients here, this is leave-one-patient-out.
        one_per_patient: count only the nearest image of each patient, so that neighbours show k different patients.

    Raises:
        ValueError: features that are not finite float32 of one dimension, too large for float32 squares, or patients of
            another length.

    Cost: O(n m d) time at about the speed of matrix products; memory 4 n d for the queries and O(block x tile) beside
    queries and corpus. 20,000 queries against 240,000 images, d = 768: benchmarks/README.md.
    """
    if k < 1:
        raise ValueError(f"k = {k} neighbours")
    if (exclude is not None or one_per_patient) and patients is None:
        raise ValueError("excluding or counting patients needs the patient of each corpus image")
    if exclude is not None and len(exclude) != len(queries):
        raise ValueError(f"{len(queries)} queries and {len(exclude)} patients to exclude")
    state: _State | None = None
    first = 0
    for part in _parts(corpus, tile):
        if state is None:
            state = _State(_checked(queries, part.shape[1]), part, k, exclude, one_per_patient)
        of = np.full(len(part), NOBODY) if patients is None else patients[first : first + len(part)]
        if len(of) != len(part):
            raise ValueError(f"{len(patients) if patients is not None else 0} patients for a longer corpus")
        state.look(_checked(part, state.queries.shape[1]), of, first, block)
        first += len(part)
    if patients is not None and first != len(patients):
        raise ValueError(f"{len(patients)} patients for {first} corpus images")
    if state is None:
        empty = np.full((len(queries), k), NOBODY)
        return Found(empty, np.full((len(queries), k), np.inf), empty.copy())
    return Found(state.index, np.sqrt(state.squared), state.patient)


def _parts(corpus: NDArray[Any] | Iterable[NDArray[Any]], tile: int) -> Iterator[NDArray[Any]]:
    """The corpus in pieces of at most `tile` rows."""
    for part in [corpus] if isinstance(corpus, np.ndarray) else corpus:
        for start in range(0, len(part), tile):
            yield part[start : start + tile]


def _checked(features: NDArray[Any], dim: int) -> Float32:
    if features.ndim != 2 or features.dtype != np.float32:
        raise ValueError(f"features must be float32[n, d], not {features.dtype}{list(features.shape)}")
    if features.shape[1] != dim:
        raise ValueError(f"features of {features.shape[1]} and {dim} dimensions")
    if not np.isfinite(features).all():
        raise ValueError("features hold NaN or infinity")
    return features


class _Tile:
    """A piece of the corpus, prepared for products in float32 and, where those cannot decide, in float64."""

    def __init__(self, features: Float32, patients: Index, first: int, centre: Float64) -> None:
        self.features, self.patients, self.first = features, patients, first
        self.centred = features - centre
        self.squares = np.einsum("ij,ij->i", self.centred, self.centred)
        self.prepared: dict[type[np.floating[Any]], NDArray[Any]] = {}
        # One image of each patient, so that the k-th smallest bound among them bounds k different patients.
        self.of_patients = np.unique(patients, return_index=True)[1]

    def right(self, dtype: type[np.floating[Any]]) -> NDArray[Any]:
        """[t, d + 1]: the images, and their squared norms less the rounding bound."""
        if dtype not in self.prepared:
            shrunk = (1.0 - _gap(self.centred.shape[1], dtype)) * self.squares
            self.prepared[dtype] = np.concatenate([self.centred, shrunk[:, None]], axis=1).astype(dtype)
        return self.prepared[dtype]


def _gap(dim: int, dtype: type[np.floating[Any]]) -> float:
    """Bound of |computed - true| / (|a|^2 + |b|^2) for -2 <a, b> + |b|^2 as one product of d + 1 terms.

    The last term is as large as the others together, hence twice the `slack` of a plain product.
    """
    return 2.0 * slack(dim + 1, dtype)


class _State:
    """The best so far of every query."""

    def __init__(self, queries: Float32, part: NDArray[Any], k: int, exclude: Index | None, distinct: bool) -> None:
        self.queries, self.k, self.exclude, self.distinct = queries, k, exclude, distinct
        self.centre = part.mean(axis=0, dtype=np.float64)
        n, dim = queries.shape
        self.left = np.empty((n, dim + 1), np.float32)
        self.squares = np.empty(n)
        for start in range(0, n, BLOCK):
            rows = slice(start, start + BLOCK)
            self.left[rows], self.squares[rows] = self._left(rows, np.float32)
        self.index = np.full((n, k), NOBODY)
        self.patient = np.full((n, k), NOBODY)
        self.squared = np.full((n, k), np.inf)

    def _left(self, rows: slice, dtype: type[np.floating[Any]]) -> tuple[NDArray[Any], Float64]:
        """[b, d + 1]: minus twice the centred queries, and 1; and their squared norms."""
        centred = self.queries[rows] - self.centre
        squares = np.einsum("ij,ij->i", centred, centred)
        if squares.size and squares.max() > np.finfo(np.float32).max / 16:
            raise ValueError("features are too large for squares in float32")
        return np.concatenate([-2.0 * centred, np.ones((len(centred), 1))], axis=1).astype(dtype), squares

    def look(self, features: Float32, patients: Index, first: int, block: int) -> None:
        """Search one tile for all queries."""
        tile = _Tile(features, patients, first, self.centre)
        if tile.squares.size and tile.squares.max() > np.finfo(np.float32).max / 16:
            raise ValueError("features are too large for squares in float32")
        for start in range(0, len(self.queries), block):
            rows = slice(start, min(start + block, len(self.queries)))
            for dtype in (np.float32, np.float64):
                left = self.left[rows] if dtype is np.float32 else self._left(rows, dtype)[0]
                i, j = self._near(tile, rows, left @ tile.right(dtype).T, dtype)
                if len(i) <= CROWDED * (rows.stop - start):
                    break
            if len(i):
                self._merge(tile, i + start, j)

    def _near(
        self, tile: _Tile, rows: slice, product: NDArray[Any], dtype: type[np.floating[Any]]
    ) -> tuple[Index, Index]:
        """Pairs that may belong to the best: `product` + |a|^2 bounds squared distances from below."""
        gap = _gap(self.queries.shape[1], dtype)
        shift = (1.0 - gap) * self.squares[rows]
        limit = self.squared[rows, -1]
        if not np.isfinite(limit).all():
            limit = np.minimum(limit, self._first_limit(tile, rows, product, shift, gap))
        # Products that underflow err by the smallest number that `dtype` holds, each.
        below = limit - shift + 4.0 * (product.shape[1] + len(tile.squares)) * float(np.finfo(dtype).smallest_subnormal)
        level = not_below(below, product.dtype)
        some = np.flatnonzero(product.min(axis=1) <= level)
        if not len(some):
            return some, some
        i, j = np.nonzero(product[some] <= level[some, None])
        i = some[i]
        if self.exclude is not None:
            keep = tile.patients[j] != self.exclude[rows][i]
            i, j = i[keep], j[keep]
        return i, j

    def _first_limit(self, tile: _Tile, rows: slice, product: NDArray[Any], shift: Float64, gap: float) -> Float64:
        """Upper bound of each query's k-th smallest distance within a tile; infinity if it holds too few."""
        columns = tile.of_patients if self.distinct else np.arange(len(tile.squares))
        squares = self.squares[rows]
        upper = product[:, columns].astype(np.float64)
        upper += (shift + 2.0 * gap * squares)[:, None] + 2.0 * gap * tile.squares[columns]
        if self.exclude is not None:
            upper[tile.patients[columns] == self.exclude[rows][:, None]] = np.inf
        if upper.shape[1] < self.k:
            return np.full(len(squares), np.inf)
        return np.asarray(np.partition(upper, self.k - 1, axis=1)[:, self.k - 1])

    def _merge(self, tile: _Tile, i: Index, j: Index) -> None:
        """Measure the pairs and keep the k best of each query, old and new."""
        squared = self._exact(tile, i, j)
        rows = np.unique(i)
        row = np.concatenate([np.repeat(rows, self.k), i])
        distance = np.concatenate([self.squared[rows].reshape(-1), squared])
        index = np.concatenate([self.index[rows].reshape(-1), j + tile.first])
        patient = np.concatenate([self.patient[rows].reshape(-1), tile.patients[j]])
        order = np.lexsort((index, distance, row))
        row, distance, index, patient = row[order], distance[order], index[order], patient[order]
        if self.distinct:
            nearest = _first_of_each(row, patient) | (index == NOBODY)
            row, distance, index, patient = row[nearest], distance[nearest], index[nearest], patient[nearest]
        keep = _rank(row) < self.k
        for target, values in ((self.squared, distance), (self.index, index), (self.patient, patient)):
            target[rows] = values[keep].reshape(-1, self.k)

    def _exact(self, tile: _Tile, i: Index, j: Index) -> Float64:
        """Squared distances as float64 sums of squared differences: float64[pairs]."""
        result = np.empty(len(i))
        for start in range(0, len(i), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            gap = self.queries[i[part]].astype(np.float64)
            gap -= tile.features[j[part]]
            result[part] = (gap * gap).sum(axis=1)
        return result


def _first_of_each(row: Index, patient: Index) -> NDArray[np.bool_]:
    """Whether an entry is the first of its row and patient."""
    order = np.lexsort((np.arange(len(row)), patient, row))
    first = np.ones(len(row), bool)
    same = (row[order][1:] == row[order][:-1]) & (patient[order][1:] == patient[order][:-1])
    first[order[1:][same]] = False
    return first


def _rank(row: Index) -> Index:
    """Position of each entry within its run of equal, sorted rows."""
    starts = np.flatnonzero(np.concatenate([[True], row[1:] != row[:-1]]))
    return np.arange(len(row)) - np.repeat(starts, np.diff(np.append(starts, len(row))))
