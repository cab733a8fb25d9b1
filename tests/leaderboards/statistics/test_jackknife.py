"""The jackknife against closed forms: the mean, and the biased variance, whose correction is exact."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from leaderboards.statistics.jackknife import jackknife


def deletions(x: np.ndarray, block: np.ndarray, statistic: object) -> tuple[float, np.ndarray, np.ndarray]:
    deleted = np.array([statistic(x[block != index]) for index in range(block.max() + 1)])  # type: ignore[operator]
    return statistic(x), deleted, np.bincount(block) / len(x)  # type: ignore[operator]


def test_single_observations_give_the_textbook_standard_error() -> None:
    x = np.random.default_rng(0).normal(size=40)
    result = jackknife(*deletions(x, np.arange(40), np.mean))
    assert result.corrected == pytest.approx(x.mean(), rel=1e-12)
    assert result.se == pytest.approx(x.std(ddof=1) / np.sqrt(40), rel=1e-12)
    low, high = result.interval()
    assert (low, high) == pytest.approx(t.interval(0.95, 39, x.mean(), result.se), rel=1e-12)


def test_the_biased_variance_becomes_the_unbiased_one() -> None:
    x = np.random.default_rng(1).normal(size=30)
    result = jackknife(*deletions(x, np.arange(30), np.var))
    assert result.corrected == pytest.approx(x.var(ddof=1), rel=1e-12)


def test_unequal_blocks_leave_a_mean_unbiased_and_weigh_by_size() -> None:
    """For a mean, block j's pseudo-value is its own mean: the corrected value is exact, the variance their scatter."""
    rng = np.random.default_rng(2)
    block = np.repeat(np.arange(5), [2, 3, 5, 7, 13])
    x = rng.normal(size=30)
    result = jackknife(*deletions(x, block, np.mean))
    means = np.array([x[block == index].mean() for index in range(5)])
    inverse = 30 / np.bincount(block)
    assert result.corrected == pytest.approx(x.mean(), rel=1e-12)
    assert result.se**2 == pytest.approx(np.mean((means - x.mean()) ** 2 / (inverse - 1)), rel=1e-12)


def test_what_cannot_be_jackknifed_is_refused() -> None:
    with pytest.raises(ValueError, match="2 blocks"):
        jackknife(1.0, np.ones(1), np.array([1.0]))
    with pytest.raises(ValueError, match="every block"):
        jackknife(1.0, np.ones(2), np.array([0.0, 1.0]))
