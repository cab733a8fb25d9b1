from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.copy_share import copy_share
from leaderboards.statistics.registry import Arrays


def arrays(score: np.ndarray, cluster: np.ndarray | None = None, **more: object) -> dict[str, np.ndarray]:
    base = {
        "score": np.asarray(score, np.float64),
        "cluster": np.arange(len(score)) if cluster is None else cluster,
        "false_alarms": np.array([2, 399]),
        "planted": np.array([[40, 40], [36, 40]]),
    }
    return base | {key: np.asarray(value) for key, value in more.items()}


def test_closed_form() -> None:
    """30 % detected, f = 2/400, w = 76/80: (0.3 - 0.005) / (0.95 - 0.005)."""
    found = copy_share(arrays(np.repeat([0.9, 0.1], [30, 70])), seed=0, threshold=0.5)
    assert found.value == pytest.approx((0.3 - 0.005) / (0.95 - 0.005))
    extra = found.extra
    assert (extra["detected"], extra["false_alarm_rate"], extra["power"], extra["power_least"]) == pytest.approx(
        (0.3, 0.005, 0.95, 0.9)
    )
    assert found.low is not None and found.high is not None and found.low < found.value < found.high


def test_parts_are_told_apart() -> None:
    data = arrays([0.9, 0.9, 0.1, 0.9, 0.1, 0.1], group=[0, 0, 0, 1, 1, 1])
    extra = copy_share(data, seed=0, threshold=0.5, parts="generated probes").extra
    assert extra["detected_generated"] == pytest.approx(2 / 3) and extra["detected_probes"] == pytest.approx(1 / 3)


def test_a_score_at_the_threshold_is_no_detection() -> None:
    assert copy_share(arrays(np.full(20, 0.5)), seed=0, threshold=0.5).extra["detected"] == 0.0


def test_fewer_detections_than_false_alarms_are_no_copies() -> None:
    found = copy_share(arrays(np.zeros(400)), seed=0, threshold=0.5)
    assert found.value == 0.0 and found.low == 0.0 and found.high is not None and 0 < found.high < 0.02


def test_draws_of_one_patient_are_not_independent() -> None:
    score = np.repeat(np.repeat([0.9, 0.1], [20, 60]), 4)
    alone = copy_share(arrays(score), seed=0, threshold=0.5)
    together = copy_share(arrays(score, np.repeat(np.arange(80), 4)), seed=0, threshold=0.5)
    assert alone.value == together.value
    widths = [each.high - each.low for each in (alone, together)]  # type: ignore[operator]
    assert 1.5 * widths[0] < widths[1] < 2.1 * widths[0], "four equal draws count as one: half the precision"
    assert (alone.extra["effective_n"], together.extra["effective_n"]) == pytest.approx((320, 80))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2])
def test_intervals_cover_where_truth_is_known(share: float) -> None:
    """The threshold is set from 250 held-out scores; copies are found with the power of their kind (1 or 0.9)."""
    rng = np.random.default_rng([7, int(share * 100)])
    covered = 0
    runs = 300
    for run in range(runs):
        held_out = np.sort(rng.normal(size=250))
        threshold = float(held_out[-2])
        kind = run % 2
        copied = rng.random(500) < share
        missed = rng.random(500) > (1.0, 0.9)[kind]
        score = np.where(copied & ~missed, 9.0, rng.normal(size=500))
        planted = np.array([[40, 40], [rng.binomial(40, 0.9), 40]])
        found = copy_share(arrays(score, false_alarms=[2, 250], planted=planted), seed=run, threshold=threshold)
        covered += found.low <= share <= found.high  # type: ignore[operator]
    assert covered / runs >= 0.92


def test_a_blind_detector_gives_no_number() -> None:
    found = copy_share(arrays(np.zeros(30), planted=[[1, 40]]), seed=0, threshold=0.5)
    assert found.value is None and "no more often" in (found.reason or "")


def test_few_patients_give_no_interval() -> None:
    found = copy_share(arrays(np.ones(8), np.repeat(np.arange(4), 2)), seed=0, threshold=0.5)
    assert found.value == 1.0 and found.low is None and "4 patients" in (found.interval_reason or "")


def test_no_images_and_arrays_that_do_not_fit() -> None:
    assert copy_share(arrays(np.zeros(0)), seed=0, threshold=0.5).value is None
    bad: list[Arrays] = [
        arrays(np.zeros(5), np.arange(4)),
        arrays(np.zeros(5), false_alarms=[0, 10]),
        arrays(np.zeros(5), planted=np.zeros((0, 2))),
        arrays(np.zeros(5), planted=[[0, 0]]),
    ]
    for each in bad:
        with pytest.raises(ValueError, match=r"fit|planted"):
            copy_share(each, seed=0, threshold=0.5)
