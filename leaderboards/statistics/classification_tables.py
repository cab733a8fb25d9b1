"""Tables of classifier scores by training seed, and the same tables under resampled patients: what intervals need."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.classification_scores import Float
from leaderboards.statistics.clustered_mean import expanded_tail

MIN_PATIENTS = 10
"""Fewer patients under test give no interval."""

MIN_BLOCKS = 10
"""Fewer blocks of patients give no interval."""

WEIGHTS_AT_ONCE = 4_000_000
"""Image weights held in memory."""

TableOf = Callable[[Float], dict[str, Float]]
"""Image weights float64[b, n] -> name -> float64[b, seeds, columns]."""


@dataclass(frozen=True)
class Interval:
    """low, high, se of a number."""

    low: float
    high: float
    se: float


@dataclass(frozen=True)
class Tables:
    """Scores of several arms.

    Attributes:
        point: arm -> float64[seeds, columns].
        resampled: arm -> float64[r, seeds, columns], the same under r resamplings (bootstrap replicates, or all
            patients but a block); empty where no interval can be given.
        units: patients (bootstrap) or blocks (jackknife) behind them.
        jackknife: `resampled` leaves out one block each.
        share: float64[r], the share of images that each block holds (jackknife only).
        reason: why there is no interval.
    """

    point: Mapping[str, Float]
    resampled: Mapping[str, Float]
    units: int
    jackknife: bool = False
    share: Float | None = None
    reason: str | None = None

    def interval(
        self, point: Float, resampled: Float, seed: int, level: float = 0.95, biased: bool = False
    ) -> Interval | None:
        """Interval of the mean over seeds of a number: patients and trainings are both taken as drawn at random.

        Args:
            point: float64[seeds], the number by training.
            resampled: float64[r, seeds]. A bootstrap draws trainings with replacement too, stretched by
                sqrt(S / (S - 1)), since S draws out of S spread by that much less than S new trainings.
            seed: of that draw; equal for two arms, so that their difference stays paired by seed.
            biased: for a statistic that sampling biases upwards, and resampling once more (calibration error): the
                lower end is the upper one reflected at the value (basic bootstrap), the upper end stays. Conservative.

        Returns:
            The interval, or None without resamplings or where a resampling has no number.
        """
        if not len(resampled) or not np.isfinite(resampled).all():
            return None
        value, seeds = float(point.mean()), len(point)
        of_seeds = float(point.var(ddof=1)) / seeds if seeds > 1 else 0.0
        if self.jackknife:
            return self._jackknife(value, resampled.mean(axis=1), of_seeds, level)
        means = resampled.mean(axis=1)
        if seeds > 1:
            drawn = np.random.default_rng([seed, 1]).integers(seeds, size=(len(resampled), seeds))
            means = means + math.sqrt(seeds / (seeds - 1)) * (np.take_along_axis(resampled, drawn, 1).mean(1) - means)
        tail = expanded_tail(level, self.units)
        low, high = (float(each) for each in np.quantile(means, [tail, 1.0 - tail]))
        se = float(means.std(ddof=1)) * math.sqrt(self.units / (self.units - 1))
        return Interval(2 * value - high if biased else low, high, se)

    def _jackknife(self, value: float, deleted: Float, of_seeds: float, level: float) -> Interval:
        from scipy.special import stdtrit

        from leaderboards.statistics.jackknife import jackknife

        assert self.share is not None
        found = jackknife(value, deleted, self.share)
        se = math.hypot(found.se, math.sqrt(of_seeds))
        half = float(stdtrit(found.blocks - 1, 0.5 + level / 2)) * se
        return Interval(value - half, value + half, se)


def bootstrapped(table: TableOf, cluster: NDArray[np.int64], seed: int, replicates: int) -> Tables:
    """Tables under patients drawn with replacement, the same patients for every arm.

    Args:
        table: of image weights. cluster: int64[n], the patient of each image.
        seed: of the resampling. replicates: 0 for none.
    """
    point = {name: each[0] for name, each in table(np.ones((1, len(cluster)))).items()}
    of = np.unique(cluster, return_inverse=True)[1].reshape(-1)
    patients = int(of.max()) + 1
    if patients < MIN_PATIENTS or not replicates:
        reason = f"{patients} patients; an interval needs {MIN_PATIENTS}" if replicates else None
        return Tables(
            point, {name: np.zeros((0, *each.shape)) for name, each in point.items()}, patients, reason=reason
        )
    rng = np.random.default_rng(seed)
    at_once = max(1, WEIGHTS_AT_ONCE // len(cluster))
    parts: dict[str, list[Float]] = {name: [] for name in point}
    for start in range(0, replicates, at_once):
        drawn = rng.multinomial(patients, np.full(patients, 1.0 / patients), size=min(at_once, replicates - start))
        for name, each in table(drawn.astype(np.float64)[:, of]).items():
            parts[name].append(each)
    return Tables(point, {name: np.concatenate(each) for name, each in parts.items()}, patients)


def left_out(table: TableOf, block: NDArray[np.int64]) -> dict[str, Float]:
    """arm -> float64[1 + blocks, seeds, columns]: the whole table, then the tables without one block of images each.

    Such arrays hold no number of a single image or patient.
    """
    weight = np.stack([np.ones(len(block)), *((block != each).astype(np.float64) for each in range(block.max() + 1))])
    return table(weight)


def from_left_out(arrays: Mapping[str, Float], share: Float) -> Tables:
    """The tables of `left_out`; without an interval where there are few blocks."""
    blocks = len(share)
    reason = f"{blocks} blocks of patients; an interval needs {MIN_BLOCKS}" if blocks < MIN_BLOCKS else None
    resampled = {name: each[1:] if reason is None else each[:0] for name, each in arrays.items()}
    return Tables({name: each[0] for name, each in arrays.items()}, resampled, blocks, True, share, reason)


def macro(table: Float, columns: Sequence[int] | None = None) -> Float:
    """Mean over columns, float64[..., columns] -> [...]; a column without a number in a replicate is left out of it."""
    chosen = table if columns is None else table[..., list(columns)]
    known = np.isfinite(chosen)
    count = known.sum(axis=-1)
    total = np.where(known, chosen, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
