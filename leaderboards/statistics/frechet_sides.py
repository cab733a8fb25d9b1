"""The two sides of a Frechet distance as sums over patient blocks, from features or from published block moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.frechet_distance import Gaussian

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MAX_BLOCKS = 4096


class BlockSide(Protocol):
    """Sums over the blocks of one side, of features from which `shift` is subtracted first.

    Attributes:
        count: int64[b], images of each block. total: float64[b, d], their sum.
    """

    @property
    def count(self) -> Int: ...

    @property
    def total(self) -> Float: ...

    def outer(self, block: int) -> Float:
        """float64[d, d], the sum of the outer products of a block's features."""

    def gaussian(self) -> Gaussian:
        """Mean and covariance of all blocks together."""


@dataclass(frozen=True, eq=False)
class FeatureSide:
    """A side whose features are known.

    Attributes:
        features: float32[n, d], sorted by block. start: int64[b + 1], where each block begins.
    """

    features: NDArray[np.float32]
    start: Int
    shift: Float
    total: Float = field(init=False)

    def __post_init__(self) -> None:
        total = np.stack([self._rows(block).sum(axis=0) for block in range(len(self.start) - 1)])
        object.__setattr__(self, "total", total)

    @property
    def count(self) -> Int:
        return np.diff(self.start)

    def _rows(self, block: int) -> Float:
        return self.features[self.start[block] : self.start[block + 1]].astype(np.float64) - self.shift

    def only(self, block: int) -> FeatureSide:
        """The side with this block alone."""
        features = self.features[self.start[block] : self.start[block + 1]]
        return FeatureSide(features, np.array([0, len(features)]), self.shift)

    def outer(self, block: int) -> Float:
        rows = self._rows(block)
        product: Float = rows.T @ rows
        return product

    def gaussian(self) -> Gaussian:
        if len(self.features) <= self.features.shape[1]:
            return Gaussian.of_features(self.features.astype(np.float64) - self.shift)
        return _gaussian_of_blocks(self)


@dataclass(frozen=True, eq=False)
class MomentSide:
    """A side of which only block moments are known (a credentialed split): count, sum and sum of outer products."""

    count: Int
    raw_total: Float
    raw_outer: Float
    shift: Float
    total: Float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", self.raw_total - self.count[:, None] * self.shift)

    def outer(self, block: int) -> Float:
        cross = np.outer(self.raw_total[block], self.shift)
        product: Float = self.raw_outer[block] - cross - cross.T
        product += self.count[block] * np.outer(self.shift, self.shift)
        return product

    def gaussian(self) -> Gaussian:
        return _gaussian_of_blocks(self)


def _gaussian_of_blocks(side: BlockSide) -> Gaussian:
    return Gaussian.of_sums(int(side.count.sum()), side.total.sum(axis=0), whole_outer(side))


def whole_outer(side: BlockSide) -> Float:
    """Sum of the outer products of all blocks, added in their order."""
    outer = side.outer(0)
    for block in range(1, len(side.count)):
        outer += side.outer(block)
    return outer


def sides_of(arrays: Mapping[str, NDArray[Any]]) -> tuple[BlockSide, BlockSide]:
    """Generated and reference side of the estimator's arrays, over the same blocks and around the reference mean.

    Raises:
        ValueError: an array is missing or of a wrong shape, or a block number is out of range.
    """
    generated, reference = (_read(arrays, name) for name in ("generated", "reference"))
    if generated.dimension != reference.dimension:
        raise ValueError(
            f"generated features have {generated.dimension} dimensions, the reference has {reference.dimension}"
        )
    blocks = max(generated.blocks, reference.blocks)
    if blocks > MAX_BLOCKS:
        raise ValueError(f"{blocks} blocks; at most {MAX_BLOCKS} are supported")
    shift = reference.mean()
    return generated.side(blocks, shift), reference.side(blocks, shift)


def _read(arrays: Mapping[str, NDArray[Any]], name: str) -> _Features | _Moments:
    parts = ("_count", "_sum", "_outer") if f"{name}_count" in arrays else ("", "_block")
    if missing := [name + part for part in parts if name + part not in arrays]:
        raise ValueError(f"frechet needs the arrays {', '.join(missing)}")
    given = [arrays[name + part] for part in parts]
    return _Moments(name, *given) if len(given) == 3 else _Features(name, *given)


@dataclass(frozen=True, eq=False)
class _Features:
    name: str
    features: NDArray[Any]
    block: NDArray[Any]

    def __post_init__(self) -> None:
        features, block = self.features, self.block
        if features.ndim != 2 or features.dtype.kind != "f" or features.shape[1] == 0:
            raise ValueError(f"{self.name} must be float[n, d], not {features.dtype}{list(features.shape)}")
        if block.shape != (len(features),) or block.dtype.kind not in "iu":
            raise ValueError(f"{self.name}_block must be int[{len(features)}], not {block.dtype}{list(block.shape)}")
        if len(block) and int(block.min()) < 0:
            raise ValueError(f"{self.name}_block holds a negative block number")

    @property
    def dimension(self) -> int:
        return self.features.shape[1]

    @property
    def blocks(self) -> int:
        return int(self.block.max()) + 1 if len(self.block) else 1

    def mean(self) -> Float:
        if not len(self.features):
            return np.zeros(self.dimension)
        mean: Float = self.features.mean(axis=0, dtype=np.float64)
        return mean

    def side(self, blocks: int, shift: Float) -> FeatureSide:
        order = np.argsort(self.block, kind="stable")
        start = np.searchsorted(self.block[order], np.arange(blocks + 1)).astype(np.int64)
        in_order = bool((order[1:] > order[:-1]).all())
        return FeatureSide(self.features if in_order else self.features[order], start, shift)


@dataclass(frozen=True, eq=False)
class _Moments:
    name: str
    count: NDArray[Any]
    total: NDArray[Any]
    outer: NDArray[Any]

    def __post_init__(self) -> None:
        shapes = (self.count.shape, self.total.shape, self.outer.shape)
        known, dimension = len(self.count), self.total.shape[-1]
        if shapes != ((known,), (known, dimension), (known, dimension, dimension)) or self.count.dtype.kind not in "iu":
            raise ValueError(f"moments of {self.name} need int[b], [b, d] and [b, d, d], not {shapes}")
        if known == 0 or dimension == 0 or int(self.count.min()) < 0 or int(self.count.sum()) == 0:
            raise ValueError(f"{self.name}_count holds no images")

    @property
    def dimension(self) -> int:
        return self.total.shape[1]

    @property
    def blocks(self) -> int:
        return len(self.count)

    def mean(self) -> Float:
        mean: Float = self.total.astype(np.float64).sum(axis=0) / int(self.count.sum())
        return mean

    def side(self, blocks: int, shift: Float) -> MomentSide:
        extra = (0, blocks - self.blocks)
        count, total, outer = self.count.astype(np.int64), self.total.astype(np.float64), self.outer.astype(np.float64)
        if extra[1]:
            count, total = np.pad(count, extra), np.pad(total, (extra, (0, 0)))
            outer = np.pad(outer, (extra, (0, 0), (0, 0)))
        return MomentSide(count, total, outer, shift)


def effective_count(side: BlockSide) -> float:
    """How many independent Gaussian images would estimate the covariance as well as this side's images do.

    The blocks' second moments scatter around the whole's by a measurable amount; n independent Gaussian images would
    scatter by (tr^2 S + tr S^2) / n in squared Frobenius norm. Images of one patient that resemble each other, and
    heavy tails, both lower the number; it is at most n.
    """
    count = int(side.count.sum())
    used = np.flatnonzero(side.count)
    mean = side.total.sum(axis=0) / count
    covariance = whole_outer(side) / count - np.outer(mean, mean)
    expected = np.trace(covariance) ** 2 + np.vdot(covariance, covariance)
    scatter = 0.0
    for block in used:
        images = side.count[block]
        deviation = side.outer(int(block)) - images * (covariance - np.outer(mean, mean))
        cross = np.outer(side.total[block], mean)
        deviation -= cross + cross.T
        scatter += float(np.vdot(deviation, deviation))
    scatter *= len(used) / max(len(used) - 1, 1)
    if scatter <= 0:
        return float(count)
    return float(min(count, count * count * expected / scatter))
