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
    needed = {"generated", "generated_block"}
    needed |= {"reference", "reference_block"} if "reference" in arrays else set(_MOMENTS)
    if missing := needed - arrays.keys():
        raise ValueError(f"frechet needs the arrays {', '.join(sorted(missing))}")
    generated, generated_block = _checked(arrays["generated"], arrays["generated_block"], "generated")
    blocks = int(generated_block.max(initial=-1)) + 1
    if "reference" in arrays:
        reference, reference_block = _checked(arrays["reference"], arrays["reference_block"], "reference")
        blocks = max(blocks, int(reference_block.max(initial=-1)) + 1)
        dimension = reference.shape[1]
        shift = reference.mean(axis=0, dtype=np.float64) if len(reference) else np.zeros(dimension)
    else:
        count, total, outer = (arrays[name] for name in _MOMENTS)
        dimension = total.shape[-1]
        shapes = (count.shape, total.shape, outer.shape)
        known = len(count)
        if shapes != ((known,), (known, dimension), (known, dimension, dimension)) or count.dtype.kind not in "iu":
            raise ValueError(f"reference moments need int[b], [b, d] and [b, d, d], not {shapes}")
        if known == 0 or int(count.min()) < 0 or int(count.sum()) == 0:
            raise ValueError("reference_count holds no images")
        blocks = max(blocks, known)
        shift = total.astype(np.float64).sum(axis=0) / int(count.sum())
    if blocks > MAX_BLOCKS:
        raise ValueError(f"{blocks} blocks; at most {MAX_BLOCKS} are supported")
    if generated.shape[1] != dimension:
        raise ValueError(f"generated features have {generated.shape[1]} dimensions, the reference has {dimension}")
    left = _sorted(generated, generated_block, blocks, shift)
    if "reference" in arrays:
        return left, _sorted(reference, reference_block, blocks, shift)
    extra = blocks - known
    return left, MomentSide(
        np.pad(count.astype(np.int64), (0, extra)),
        np.pad(total.astype(np.float64), ((0, extra), (0, 0))),
        np.pad(outer.astype(np.float64), ((0, extra), (0, 0), (0, 0))) if extra else outer.astype(np.float64),
        shift,
    )


_MOMENTS = ("reference_count", "reference_sum", "reference_outer")


def _checked(features: NDArray[Any], block: NDArray[Any], name: str) -> tuple[NDArray[np.float32], Int]:
    if features.ndim != 2 or features.dtype.kind != "f" or features.shape[1] == 0:
        raise ValueError(f"{name} must be float[n, d], not {features.dtype}{list(features.shape)}")
    if block.shape != (len(features),) or block.dtype.kind not in "iu":
        raise ValueError(f"{name}_block must be int[{len(features)}], not {block.dtype}{list(block.shape)}")
    if len(block) and int(block.min()) < 0:
        raise ValueError(f"{name}_block holds a negative block number")
    return features, block.astype(np.int64)


def _sorted(features: NDArray[np.float32], block: Int, blocks: int, shift: Float) -> FeatureSide:
    order = np.argsort(block, kind="stable")
    start = np.searchsorted(block[order], np.arange(blocks + 1))
    if not (order[1:] > order[:-1]).all():
        features = features[order]
    return FeatureSide(features, start.astype(np.int64), shift)


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
        deviation = side.outer(block) - images * (covariance - np.outer(mean, mean))
        cross = np.outer(side.total[block], mean)
        deviation -= cross + cross.T
        scatter += float(np.vdot(deviation, deviation))
    scatter *= len(used) / max(len(used) - 1, 1)
    if scatter <= 0:
        return float(count)
    return float(min(count, count * count * expected / scatter))
