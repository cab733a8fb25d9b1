"""First and second moments of features, in blocks of patients: what a Frechet distance needs, and all it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, sum and sum of outer products of features by block. Two of them add up.

    Attributes:
        count: int64[b]. total: float64[b, d]. outer: float64[b, d, d], around the origin.
    """

    count: Int
    total: Float
    outer: Float

    def __post_init__(self) -> None:
        blocks, dimension = self.total.shape
        if self.count.shape != (blocks,) or self.outer.shape != (blocks, dimension, dimension):
            raise ValueError(f"moments of shapes {self.count.shape}, {self.total.shape}, {self.outer.shape}")

    @classmethod
    def zeros(cls, dimension: int, blocks: int = 1) -> Moments:
        """Moments of nothing; a start for sums."""
        return cls(np.zeros(blocks, np.int64), np.zeros((blocks, dimension)), np.zeros((blocks, dimension, dimension)))

    @classmethod
    def of(
        cls, features: NDArray[np.floating], block: Int | None = None, blocks: int | None = None, chunk: int = CHUNK
    ) -> Moments:
        """Moments of [n, d] features.

        Args:
            block: int[n], the block of each row; None puts all into one.
            blocks: number of blocks, if there may be empty ones at the end.
            chunk: rows that are converted to float64 at a time.

        Cost: O(n d^2) time, O(b d^2 + chunk d) memory.

        Raises:
            ValueError: `block` does not fit the features.
        """
        of_row = np.zeros(len(features), np.int64) if block is None else np.asarray(block, np.int64)
        if features.ndim != 2 or of_row.shape != (len(features),):
            raise ValueError(f"features {features.shape} and blocks {of_row.shape} do not fit")
        number = max(int(of_row.max(initial=-1)) + 1, blocks or 1)
        moments = cls.zeros(features.shape[1], number)
        moments.count[:] = np.bincount(of_row, minlength=number)
        order = np.argsort(of_row, kind="stable")
        start = np.searchsorted(of_row[order], np.arange(number + 1))
        for index in range(number):
            for first in range(int(start[index]), int(start[index + 1]), chunk):
                rows = features[order[first : min(first + chunk, int(start[index + 1]))]].astype(np.float64)
                moments.total[index] += rows.sum(axis=0)
                moments.outer[index] += rows.T @ rows
        return moments

    def __add__(self, other: Moments) -> Moments:
        """Moments of both sets of images together, block by block."""
        if self.total.shape != other.total.shape:
            raise ValueError(f"moments of shapes {self.total.shape} and {other.total.shape} do not add up")
        return Moments(self.count + other.count, self.total + other.total, self.outer + other.outer)

    @classmethod
    def sum(cls, parts: Iterable[Moments]) -> Moments:
        """Moments of several shards together.

        Raises:
            ValueError: there are no parts, or they differ in shape.
        """
        whole: Moments | None = None
        for part in parts:
            whole = part if whole is None else whole + part
        if whole is None:
            raise ValueError("no moments to add")
        return whole

    def merged(self) -> Moments:
        """All blocks in one."""
        return Moments(
            self.count.sum(keepdims=True), self.total.sum(0, keepdims=True), self.outer.sum(0, keepdims=True)
        )

    @property
    def images(self) -> int:
        """Images in all blocks."""
        return int(self.count.sum())

    def mean(self) -> Float:
        """float64[d], the mean of all images."""
        mean: Float = self.total.sum(axis=0) / self.images
        return mean

    def covariance(self) -> Float:
        """float64[d, d], the unbiased covariance of all images."""
        mean = self.mean()
        covariance: Float = (self.outer.sum(axis=0) - self.images * np.outer(mean, mean)) / (self.images - 1)
        return covariance
