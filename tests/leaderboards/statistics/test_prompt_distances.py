from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.prompt_distances import prompt_distances

RNG = np.random.default_rng(0)


def arrays(shift: float = 0.0, n: int = 60) -> dict[str, np.ndarray]:
    values, controls = RNG.normal(5.0, 1.0, n), RNG.normal(5.0 + shift, 1.0, n)
    return {
        "values": values,
        "minimum": values - 1.0,
        "cluster": np.arange(n),
        "controls_values": controls,
        "controls_minimum": controls - 2.0,
        "controls_cluster": np.arange(n),
    }


def test_value_and_interval_are_those_of_the_clustered_mean() -> None:
    data = arrays()
    found = prompt_distances(data, seed=3, scale=2.0)
    plain = clustered_mean({"values": data["values"], "cluster": data["cluster"]}, seed=3, scale=2.0)
    assert (found.value, found.low, found.high) == (plain.value, plain.low, plain.high)


def test_extras_are_means_and_differences() -> None:
    data = arrays()
    extra = prompt_distances(data, seed=3, scale=2.0).extra
    expected = data["values"].mean() - data["controls_values"].mean()
    assert extra["minimum"] == pytest.approx(2 * data["minimum"].mean())
    assert extra["controls"] == pytest.approx(2 * data["controls_values"].mean())
    assert extra["controls_minimum"] == pytest.approx(2 * data["controls_minimum"].mean())
    assert extra["above_controls"] == pytest.approx(2 * expected)
    assert extra["minimum_above_controls"] == pytest.approx(2 * (expected + 1.0))
    assert extra["above_controls_low"] < extra["above_controls"] < extra["above_controls_high"]


def test_the_interval_of_the_difference_agrees_with_welch() -> None:
    from scipy.stats import ttest_ind

    data = arrays(0.5)
    extra = prompt_distances(data, seed=0).extra
    welch = ttest_ind(data["values"], data["controls_values"], equal_var=False).confidence_interval()
    assert (extra["above_controls_low"], extra["above_controls_high"]) == pytest.approx(
        (welch.low, welch.high), abs=0.02
    )


def test_without_controls_there_is_no_difference() -> None:
    data = {name: each for name, each in arrays().items() if not name.startswith("controls")}
    extra = prompt_distances(data, seed=0).extra
    assert "minimum" in extra and not any("controls" in name for name in extra)
    assert prompt_distances({name: each[:0] for name, each in data.items()}, seed=0).value is None
