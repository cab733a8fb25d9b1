from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.against_held_out import against_held_out
from leaderboards.statistics.clustered_mean import clustered_mean


def test_value_is_the_clustered_mean_and_extras_are_the_other_means() -> None:
    rng = np.random.default_rng(0)
    values, cluster = rng.normal(2.0, 1.0, 60), np.arange(60) // 3
    arrays = {
        "values": values, "cluster": cluster,
        "controls_values": values + 1.0, "controls_cluster": cluster,
        "generated_values": np.full(7, 9.0), "generated_cluster": np.arange(7),
        "real_values": np.array([4.0, 8.0]), "real_cluster": np.arange(2), "real_size": np.array([30, 10]),
        "median": np.array([2.0]), "real_median": np.array([8.0]),
    }  # fmt: skip
    found = against_held_out(arrays, seed=1, scale=10.0)
    plain = clustered_mean({"values": values, "cluster": cluster}, seed=1, scale=10.0)
    assert (found.value, found.low, found.high) == (plain.value, plain.low, plain.high)
    extra = found.extra
    assert extra["held_out_prompts"] == pytest.approx(90.0) and extra["real"] == pytest.approx(50.0)
    assert extra["above_controls"] == pytest.approx(-10.0)
    assert extra["above_controls_low"] < -10.0 < extra["above_controls_high"]
    assert extra["ratio_to_real"] == pytest.approx(values.mean() / 5.0) and extra["ratio_of_medians"] == 0.25


def test_absent_sides_are_left_out() -> None:
    found = against_held_out({"values": np.arange(8.0), "cluster": np.arange(8)}, seed=1)
    assert set(found.extra) == {"clusters"}
    assert against_held_out({"values": np.zeros(0), "cluster": np.zeros(0, int)}, seed=1).value is None
