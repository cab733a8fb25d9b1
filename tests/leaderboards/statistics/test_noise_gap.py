from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.auroc import auroc
from leaderboards.statistics.noise_gap import noise_gap


def test_is_the_area_with_the_published_numbers_beside_it() -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "members": rng.normal(1, 1, 40),
        "members_cluster": np.arange(40),
        "controls": rng.normal(0, 1, 30),
        "controls_cluster": 40 + np.arange(30),
    }
    found, area = noise_gap(arrays), auroc(arrays)
    assert (found.value, found.low, found.high) == (area.value, area.low, area.high)
    assert found.extra["average"] == pytest.approx(arrays["members"].mean())
    assert found.extra["maximum"] == arrays["members"].max()
    assert found.extra["controls_average"] == pytest.approx(arrays["controls"].mean())
    assert found.extra["controls_maximum"] == arrays["controls"].max()


def test_one_empty_side_has_a_reason() -> None:
    empty = {"members": np.zeros(0), "members_cluster": np.zeros(0, int)}
    full = {"controls": np.ones(9), "controls_cluster": np.arange(9)}
    found = noise_gap(empty | full)
    assert found.value is None and found.reason and found.extra["controls_maximum"] == 1.0
