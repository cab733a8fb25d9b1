from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.fld import fld


def test_difference_of_mean_likelihoods_in_hundredths_per_dimension() -> None:
    rng = np.random.default_rng(0)
    likelihood, baseline = rng.normal(-30, 5, 80), rng.normal(-25, 5, 80)
    arrays = {
        "log_likelihood": likelihood,
        "baseline": baseline,
        "cluster": np.arange(80) // 2,
        "train": np.array([-20.0]),
    }
    estimate = fld(arrays, seed=0, dim=10)
    assert estimate.value == pytest.approx(10 * (baseline.mean() - likelihood.mean()))
    assert estimate.low < estimate.value < estimate.high
    assert estimate.extra["gap"] == pytest.approx(10 * (likelihood.mean() + 20.0))


def test_same_density_is_zero_and_blocks_give_the_same_value() -> None:
    rng = np.random.default_rng(1)
    values, block = rng.normal(size=60), np.repeat(np.arange(10), 6)
    train = np.array([0.0])
    same = fld({"log_likelihood": values, "baseline": values, "cluster": block, "train": train}, seed=0, dim=3)
    assert same.value == 0.0 and same.low is None
    other = values + rng.normal(size=60)
    images = fld({"log_likelihood": other, "baseline": values, "cluster": block, "train": train}, seed=0, dim=3)
    means = {"log_likelihood": other.reshape(10, 6).mean(1), "baseline": values.reshape(10, 6).mean(1)}
    sizes = {"cluster": np.arange(10), "size": np.full(10, 6), "train": train}
    assert fld({**means, **sizes}, seed=0, dim=3).value == pytest.approx(images.value)
    with pytest.raises(ValueError, match="baselines"):
        fld({"log_likelihood": values, "baseline": values[:3], "cluster": block, "train": train}, seed=0, dim=3)
