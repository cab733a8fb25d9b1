"""Search a training set for the source of an image that may be flipped, cropped, contrast-changed or noisy.

Two images are compared by their fine structure: grey levels at 64 px (encoder `grey64`), less their local mean and
divided by their local deviation, which takes brightness and contrast away and what all chests share with it. The
score of a pair is the normalised cross-correlation of these planes, 1 for the same picture, maximised over *views* of
the query: flipped or not, and taken to show a window of 76 to 100 % of the other image's side, at any place. Only
pixels inside the window count.

The whole training set is searched at half resolution over a coarse grid of views; the best candidates are compared
over a fine grid, and the best of these over one around its best view. Every step is the same for copies, for images
of a perfect generator and for the held-out images that calibrate the threshold, so what the search misses or makes up
is measured, not assumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import ordered_map

SIDE = 64
SPREAD = 3.0
"""Standard deviation, in pixels of a 64 px image, of the Gaussian that defines "local"."""

FLOOR = 0.03
"""Added to the local deviation (grey levels in 0..1), so that the noise of an even background is not blown up."""

COARSE_SIDE, COARSE_SPREAD = 32, 2.5
COARSE_RATIOS, COARSE_STEP = (1.0, 0.9, 0.8), 2.0
FINE_RATIOS, FINE_STEP = (1.0, 0.97, 0.94, 0.91, 0.88, 0.85, 0.82, 0.79), 2.0
CLOSER_SIDES, CLOSER_STEPS = (-1, 0, 1), (-1, 0, 1)

CANDIDATES = 16
"""Images of the training set that the fine search looks at, for each query."""

POLISHED = 3
QUERIES, CORPUS_BLOCK = 512, 1024

Planes = NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """A window of the other image, in pixels, that the query is taken to show, and whether it shows it mirrored."""

    flipped: bool
    side: int
    top: int
    left: int


@dataclass(frozen=True)
class Matches:
    """The best match of each query.

    Attributes:
        score: float64[n], cross-correlation in [-1, 1]. row: int64[n], of the searched images. flipped: bool[n].
    """

    score: NDArray[np.float64]
    row: NDArray[np.int64]
    flipped: NDArray[np.bool_]

    @classmethod
    def of(cls, found: Sequence[tuple[float, int, bool]]) -> Matches:
        """From one (score, row, flipped) a query."""
        score, row, flipped = zip(*found, strict=True) if found else ((), (), ())
        return cls(np.array(score, np.float64), np.array(row, np.int64), np.array(flipped, bool))

    def columns(self) -> tuple[list[float], list[int], list[bool]]:
        """Scores, rows and mirroring as plain values."""
        return self.score.tolist(), self.row.tolist(), self.flipped.tolist()


def matches(queries: NDArray[np.float32], corpus: NDArray[np.float32]) -> Matches:
    """The most similar image of `corpus` for each query.

    Args:
        queries, corpus: float32[n, 4096], float32[m, 4096], features of `grey64`.

    Raises:
        ValueError: features of another encoder, or nothing to search.

    Cost: O(n m) products of 1024 numbers a coarse view (52), O(n) for the rest; memory O(n + 1024 (1024 + 52 x 1024)).
    """
    for name, features in (("queries", queries), ("corpus", corpus)):
        if features.ndim != 2 or features.shape[1] != SIDE * SIDE:
            raise ValueError(f"{name} {features.shape} are not features of grey64, which have {SIDE * SIDE} numbers")
    if not len(corpus):
        raise ValueError("no images to search")
    found: list[tuple[float, int, bool]] = []
    for start in range(0, len(queries), QUERIES):
        part = queries[start : start + QUERIES].reshape(-1, SIDE, SIDE)
        near, mirrored = _candidates(part, corpus)
        rows, places = np.unique(near, return_inverse=True)
        fine = _Fine(part, structure(corpus[rows].reshape(-1, SIDE, SIDE), SIDE, SPREAD))
        tasks = list(zip(range(len(part)), places.reshape(near.shape), mirrored, strict=True))
        found += [(score, int(rows[place]), turned) for score, place, turned in ordered_map(fine.best, tasks, 2**26)]
    return Matches.of(found)


def content_key(array: NDArray[Any]) -> str:
    """A hash of an array's bytes."""
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).hexdigest()


def structure(images: Planes, side: int, spread: float) -> Planes:
    """Local contrast: float32[n, h, w] in [0, 1] -> float32[n, side, side], brought to `side` first.

    Args:
        spread: of "local", in pixels of the result.
    """
    from scipy.ndimage import gaussian_filter

    small = _resized(images, side)
    local = partial(gaussian_filter, sigma=(0.0, spread, spread), mode="nearest", truncate=3.0)
    high = small - local(small)
    result: Planes = high / np.sqrt(np.maximum(local(high * high), 0.0) + np.float32(FLOOR) ** 2)
    return result


def _candidates(queries: Planes, corpus: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rows of the corpus that a coarse search ranks first, and whether mirrored: [n, <= CANDIDATES], ordered by row."""
    cuts = _cuts(queries, COARSE_SIDE, COARSE_SPREAD, {round(ratio * COARSE_SIDE) for ratio in COARSE_RATIOS})
    grids = [list(_grid(COARSE_SIDE, COARSE_RATIOS, COARSE_STEP, flipped)) for flipped in (False, True)]

    def search(start: int) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]:
        block = corpus[start : start + CORPUS_BLOCK].reshape(-1, SIDE, SIDE)
        sources = structure(block, COARSE_SIDE, COARSE_SPREAD)
        flat = np.ascontiguousarray(sources.reshape(len(sources), -1).T)
        plain, turned = (np.full((len(queries), len(sources)), -2.0, np.float32) for _ in range(2))
        for best, grid in zip((plain, turned), grids, strict=True):
            for view, scale in zip(grid, _one_over_deviation(sources, grid), strict=True):
                product = _placed(cuts[view.side], [view], COARSE_SIDE)[0] @ flat
                product *= scale
                np.maximum(best, product, out=best)
        mirrored = turned > plain
        best = np.maximum(plain, turned)
        keep = np.argsort(-best, axis=1, kind="stable")[:, :CANDIDATES]
        return np.take_along_axis(best, keep, axis=1), keep + start, np.take_along_axis(mirrored, keep, axis=1)

    parts = ordered_map(search, list(range(0, len(corpus), CORPUS_BLOCK)), 5 * 4 * QUERIES * CORPUS_BLOCK)
    scores, rows, mirrored = (np.concatenate(each, axis=1) for each in zip(*parts, strict=True))
    keep = np.argsort(-scores, axis=1, kind="stable")[:, :CANDIDATES]
    keep = np.take_along_axis(keep, np.argsort(np.take_along_axis(rows, keep, axis=1), axis=1), axis=1)
    return np.take_along_axis(rows, keep, axis=1), np.take_along_axis(mirrored, keep, axis=1)


class _Fine:
    """Compares queries with their candidates over the fine grid, then closer around the best views."""

    def __init__(self, queries: Planes, sources: Planes) -> None:
        self._sources = sources
        self._grids = [list(_grid(SIDE, FINE_RATIOS, FINE_STEP, flipped)) for flipped in (False, True)]
        narrowest = min(view.side for view in self._grids[0]) + min(CLOSER_SIDES)
        self._cuts = _cuts(queries, SIDE, SPREAD, set(range(narrowest, SIDE + 1)))

    def best(self, of: tuple[int, NDArray[np.int64], NDArray[np.bool_]]) -> tuple[float, int, bool]:
        """Score, source and mirroring of the best candidate of a query: (query, its sources, whether mirrored)."""
        query, places, mirrored = of
        found: list[tuple[float, int, View]] = []
        for flipped in (False, True):
            chosen = places[mirrored == flipped]
            if len(chosen):
                scores = self._correlations(query, self._grids[flipped], chosen)
                found += [
                    (float(scores[view, column]), int(chosen[column]), self._grids[flipped][view])
                    for column, view in enumerate(scores.argmax(axis=0))
                ]
        found.sort(key=lambda each: (-each[0], each[1]))
        best = (-2.0, 0, False)
        for _, place, view in found[:POLISHED]:
            value = float(self._correlations(query, list(_around(view)), np.array([place])).max())
            if value > best[0]:
                best = (value, place, view.flipped)
        return best

    def _correlations(self, query: int, views: list[View], places: NDArray[np.int64]) -> NDArray[np.float32]:
        """float32[views, places]."""
        sources = self._sources[places]
        placed = np.concatenate(
            [_placed(self._cuts[width][query : query + 1], list(group), SIDE) for width, group in _by_side(views)]
        )[:, 0]
        result: NDArray[np.float32] = placed @ sources.reshape(len(sources), -1).T
        return result * _one_over_deviation(sources, views)


def _cuts(queries: Planes, side: int, spread: float, widths: set[int]) -> dict[int, Planes]:
    """Each query at each width as seen in a frame of `side`: mean 0 and norm 1, or 0 where it is even.

    So its product with an image, divided by that image's deviation in the same window, is their correlation there.
    """
    cuts = {}
    for width in sorted(widths):
        inside = structure(queries, width, spread).reshape(len(queries), -1)
        inside = inside - inside.mean(axis=1, keepdims=True)
        norm = np.linalg.norm(inside, axis=1, keepdims=True)
        inside = np.divide(inside, norm, out=np.zeros_like(inside), where=norm > 1e-6)
        cuts[width] = inside.reshape(-1, width, width)
    return cuts


def _placed(cuts: Planes, views: Sequence[View], side: int) -> Planes:
    """Queries in frames, 0 outside the window: float32[views, n, side * side]. All views have the width of the cuts."""
    frames = np.zeros((len(views), len(cuts), side, side), np.float32)
    for frame, view in zip(frames, views, strict=True):
        rows, columns = slice(view.top, view.top + view.side), slice(view.left, view.left + view.side)
        frame[:, rows, columns] = cuts[:, :, ::-1] if view.flipped else cuts
    return frames.reshape(len(views), len(cuts), -1)


def _one_over_deviation(sources: Planes, views: Sequence[View]) -> NDArray[np.float32]:
    """One over the norm of each source, less its mean, inside each view's window; 0 for an even one."""
    side = sources.shape[1]
    top, left, width = (np.array([getattr(view, name) for view in views]) for name in ("top", "left", "side"))
    bottom, right = top + width, left + width
    whole = np.zeros((2, len(sources), side + 1, side + 1))
    whole[:, :, 1:, 1:] = np.stack([sources, sources * sources]).cumsum(2, dtype=np.float64).cumsum(3)
    total, squares = (
        whole[:, :, bottom, right] - whole[:, :, top, right] - whole[:, :, bottom, left] + whole[:, :, top, left]
    )
    spread = squares - total * total / width**2
    return np.where(spread > 1e-6, 1.0 / np.sqrt(np.maximum(spread, 1e-6)), 0.0).T.astype(np.float32)


def _by_side(views: Sequence[View]) -> Iterator[tuple[int, Iterator[View]]]:
    return groupby(views, key=lambda view: view.side)


def _grid(side: int, ratios: tuple[float, ...], step: float, flipped: bool) -> Iterator[View]:
    """Windows of each ratio, at places at most `step` apart."""
    for ratio in ratios:
        width = round(ratio * side)
        free = side - width
        places = np.unique(np.rint(np.linspace(0, free, 1 + int(np.ceil(free / step)))).astype(int))
        for top, left in product(places, places):
            yield View(flipped, width, int(top), int(left))


def _around(view: View) -> Iterator[View]:
    """The view, and those next to it."""
    for more, down, across in product(CLOSER_SIDES, CLOSER_STEPS, CLOSER_STEPS):
        width = min(view.side + more, SIDE)
        top, left = (min(max(each, 0), SIDE - width) for each in (view.top + down, view.left + across))
        yield View(view.flipped, width, top, left)


def _resized(images: Planes, side: int) -> Planes:
    import PIL.Image

    if images.shape[1:] == (side, side):
        return images
    kernel = PIL.Image.Resampling.BILINEAR
    return np.stack([np.asarray(PIL.Image.fromarray(each).resize((side, side), kernel)) for each in images])
