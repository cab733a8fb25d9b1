"""Every metric of a calibrated rate gets its level, rank and counts from one place."""

from __future__ import annotations

import numpy as np
import pytest

from chexgenbench.held_out_level import against_held_out
from chexgenbench.metrics.registry import MODULES, find
from leaderboards.statistics.registry import estimate

HELD_OUT = np.random.default_rng(0).normal(size=199)


def test_level_is_the_second_of_199_and_further_scores_pass_it_at_the_rate_aimed_at() -> None:
    scores = np.random.default_rng(1).normal(size=40_000)
    made = against_held_out(scores, np.arange(40_000), HELD_OUT, 3, n_generated=7, n_reference=8)
    assert made.arrays["threshold"] == [np.sort(HELD_OUT)[-2]]
    assert made.parameters == {"seed": 3, "rank": 2, "calibration": 199}
    assert (made.n_generated, made.n_reference) == (7, 8)
    assert 0.001 < (scores > made.arrays["threshold"]).mean() < 0.035  # Beta(2, 198) at its 2 % and 99.9 %


def test_held_out_scores_are_stored_only_where_asked() -> None:
    def made(keep: bool) -> set[str]:
        patients = np.arange(199)
        return set(against_held_out(HELD_OUT, patients, HELD_OUT, 0, n_generated=1, n_reference=1, keep=keep).arrays)

    assert made(False) == {"scores", "cluster", "threshold"}
    assert made(True) == {"scores", "cluster", "threshold", "held_out"}


def test_what_is_made_is_what_the_estimator_takes() -> None:
    scores = np.concatenate([HELD_OUT[:30] - 10, np.full(10, 99.0)])
    extra = {"further_scores": scores[30:], "further_cluster": np.arange(10)}
    made = against_held_out(
        scores, np.arange(40), HELD_OUT, 0, n_generated=40, n_reference=199, keep=True, tails=True, further=extra
    )
    found = estimate("calibrated_rate", dict(made.arrays), made.parameters)  # type: ignore[arg-type]
    assert found.value == 0.25 and found.extra["further"] == 1.0
    assert found.extra["worst"] == 99.0 and found.extra["held_out_worst"] == HELD_OUT.max()


def test_no_held_out_scores_are_an_error() -> None:
    with pytest.raises(ValueError, match="held-out"):
        against_held_out(HELD_OUT, np.arange(199), HELD_OUT[:0], 0, n_generated=1, n_reference=1)


def test_the_metrics_of_this_estimator_are_known() -> None:
    metrics = [metric for name in MODULES if (metric := find(name, "v2"))]
    assert {metric.name for metric in metrics if metric.estimator == "calibrated_rate"} == {
        "extraction",
        "exposure",
        "mia_tpr",
        "nn_ratio",
    }
