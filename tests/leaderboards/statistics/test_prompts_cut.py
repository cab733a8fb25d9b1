from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.prompts_cut import prompts_cut

ARRAYS = {
    "cut": np.array([1.0, 0, 0, 1, 0, 0, 0, 0]),
    "cluster": np.arange(8) // 2 + np.array([0, 0, 0, 0, 0, 0, 0, 7]),
    "limits": np.array([77, 128]),
    "over": np.array([3, 1]),
    "longest": np.array([140]),
}


def test_is_the_share_with_the_counts_beside_it() -> None:
    found = prompts_cut(ARRAYS, seed=3)
    rate = clustered_mean({"values": ARRAYS["cut"], "cluster": ARRAYS["cluster"]}, seed=3, indicator=True)
    assert found.value == 0.25 and (found.low, found.high) == (rate.low, rate.high) and found.low is not None
    counts = {"prompts": 8, "cut": 2, "longest": 140, "over_77": 3, "over_128": 1}
    assert {name: found.extra[name] for name in counts} == counts and "cut_short" not in found.extra
    assert prompts_cut(ARRAYS | {"cut_short": np.array([5])}, seed=3).extra["cut_short"] == 5.0


def test_nothing_cut_has_an_interval_above_zero() -> None:
    found = prompts_cut(ARRAYS | {"cut": np.zeros(8)}, seed=3)
    assert found.value == found.low == 0.0
    assert found.high is not None and found.high > 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"over": np.array([3])},
        {"over": np.array([9, 1])},
        {"over": np.array([-1, 1])},
        {"cut_short": np.array([9])},
        {"cut": np.full(8, 2.0)},
        {"cluster": np.arange(7)},
    ],
)
def test_arrays_that_cannot_be_are_refused(change: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError):
        prompts_cut(ARRAYS | change, seed=3)
