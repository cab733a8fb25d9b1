"""k-means over candidates on disk, without data: cluster of each, and the candidate in the middle of each cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.steel.vectors import Moments, VectorFile

ROUNDS = 20
"""Most iterations of Lloyd's algorithm."""

COUNTS = (8, 16, 32, 64)
"""Numbers of clusters that are compared where none is given."""


@dataclass(frozen=True)
class Clusters:
    """A partition.

    Attributes:
        label: int64[M], cluster of each candidate. medoids: int64[k], the candidate next to each centre.
        silhouette: mean over candidates of (b - a) / max(a, b), a and b the distances to the nearest two centres
            (the simplified silhouette); 0 for one cluster.
    """

    label: NDArray[np.int64]
    medoids: NDArray[np.int64]
    silhouette: float


def cluster(file: VectorFile, count: int, scale: Moments, clusters: int, seed: int) -> Clusters:
    """Partition the first `count` candidates by their standardised vectors.

    Args:
        clusters: k; 0 takes the number of COUNTS with the largest silhouette. Data-free, so it costs nothing.
    """
    if clusters > 0:
        return _lloyd(file, count, scale, min(clusters, count), seed)
    tried = [_lloyd(file, count, scale, each, seed) for each in COUNTS if each < count]
    return max(tried, key=lambda found: found.silhouette) if tried else _lloyd(file, count, scale, 1, seed)


def _lloyd(file: VectorFile, count: int, scale: Moments, k: int, seed: int) -> Clusters:
    centres = _plus_plus(file, count, scale, k, seed)
    label = np.full(count, -1, np.int64)
    for _ in range(ROUNDS):
        before, total, size = label.copy(), np.zeros((k, file.width)), np.zeros(k)
        for first, rows in _blocks(file, count, scale):
            here = _squares(rows, centres).argmin(axis=1)
            label[first : first + len(rows)] = here
            np.add.at(total, here, rows)
            np.add.at(size, here, 1)
        if (label == before).all():
            break
        filled = size > 0
        centres[filled] = total[filled] / size[filled, None]
    medoids, least, score = np.zeros(k, np.int64), np.full(k, np.inf), 0.0
    for first, rows in _blocks(file, count, scale):
        squares = _squares(rows, centres)
        nearest = squares.argmin(axis=0)
        closer = squares[nearest, np.arange(k)] < least
        medoids[closer], least[closer] = first + nearest[closer], squares[nearest, np.arange(k)][closer]
        if k > 1:
            two = np.sqrt(np.partition(squares, 1, axis=1)[:, :2])
            score += float(((two[:, 1] - two[:, 0]) / np.maximum(two[:, 1], 1e-300)).sum())
    return Clusters(label, medoids, score / count)


def _plus_plus(file: VectorFile, count: int, scale: Moments, k: int, seed: int) -> NDArray[np.float64]:
    """First centres by k-means++ (Arthur and Vassilvitskii 2007): far from each other, with luck."""
    rng = np.random.default_rng(derive_seed(seed, "clusters", k, purpose="steel"))
    centres = [scale.standardised(file.picked([int(rng.integers(count))]))[0].astype(np.float64)]
    squares = np.full(count, np.inf)
    while len(centres) < k:
        for first, rows in _blocks(file, count, scale):
            here = _squares(rows, centres[-1][None])[:, 0]
            squares[first : first + len(rows)] = np.minimum(squares[first : first + len(rows)], here)
        total = squares.sum()
        row = int(rng.choice(count, p=squares / total)) if total > 0 else int(rng.integers(count))
        centres.append(scale.standardised(file.picked([row]))[0].astype(np.float64))
    return np.stack(centres)


def _blocks(file: VectorFile, count: int, scale: Moments) -> Iterator[tuple[int, NDArray]]:
    at = 0
    for rows in file.blocks():
        kept = rows[: max(0, count - at)]
        if len(kept):
            yield at, scale.standardised(kept).astype(np.float64)
        at += len(rows)


def _squares(rows: NDArray, centres: NDArray) -> NDArray[np.float64]:
    found = (rows**2).sum(axis=1)[:, None] - 2 * rows @ centres.T + (centres**2).sum(axis=1)
    return np.maximum(found, 0.0)
