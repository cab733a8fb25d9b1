from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from leaderboards.statistics.calibrated_rate import calibrated_rate, effective_count, level_of
from leaderboards.statistics.estimate import Estimate


def rate(scores: np.ndarray, cluster: np.ndarray, held_out: np.ndarray, **more: bool) -> Estimate:
    threshold, rank = level_of(held_out)
    arrays = {"scores": scores, "cluster": cluster, "threshold": np.array([threshold]), "held_out": held_out}
    return calibrated_rate(arrays, seed=3, rank=rank, calibration=len(held_out), **more)


def test_level_is_the_conformal_order_statistic() -> None:
    held_out = np.random.default_rng(0).permutation(np.arange(399.0))
    assert level_of(held_out) == (395.0, 4)  # 4 of 399 lie at or above it, 4 / 400 = 1 %
    assert level_of(np.arange(98.0)) == (97.0, 1) == level_of(np.arange(98.0), 1e-9)
    assert level_of(np.arange(99.0))[1] == 1 and level_of(np.arange(199.0))[1] == 2
    with pytest.raises(ValueError, match="held-out"):
        level_of(np.zeros(0))


@pytest.mark.parametrize("m", [60, 199, 399])
def test_false_alarm_rate_is_what_it_claims_for_any_distribution(m: int) -> None:
    rng = np.random.default_rng(m)
    for draw in (rng.normal, rng.standard_cauchy, rng.standard_exponential):
        alarms = [float((draw(size=200) > level_of(draw(size=m))[0]).mean()) for _ in range(2000)]
        claimed = max(1, (m + 1) // 100) / (m + 1)
        assert np.mean(alarms) == pytest.approx(claimed, abs=4 * np.std(alarms) / np.sqrt(2000))


def test_ties_with_the_level_are_no_alarms() -> None:
    assert rate(np.ones(20), np.arange(20), np.ones(200)).value == 0.0


def planted(rng: np.random.Generator, share: float, patients: int, each: int, whole: bool, m: int = 150) -> Estimate:
    of = np.repeat(np.arange(patients), each)
    copied = (rng.random(patients) < share)[of] if whole else rng.random(len(of)) < share
    return rate(np.where(copied, 99.0, rng.normal(size=len(of))), of, rng.normal(size=m))


@pytest.mark.parametrize(
    ("share", "whole"), [(0.0, False), (0.01, False), (0.05, False), (0.2, False), (0.2, True), (1.0, True)]
)
def test_interval_of_copies_covers_the_planted_share(share: float, whole: bool) -> None:
    rng = np.random.default_rng(int(1000 * share) + whole)
    found = [planted(rng, share, 60, 4, whole) for _ in range(150)]
    covered = np.mean([each.extra["copies_low"] <= share <= each.extra["copies_high"] for each in found])
    assert covered >= 0.91
    if share == 0.0:  # with nothing copied "above 0" is a false alarm
        assert np.mean([each.extra["copies_low"] > 0.0 for each in found]) <= 0.05
    if share == 0.2:
        assert np.mean([each.extra["copies_low"] > 0.0 for each in found]) > 0.98


@pytest.mark.parametrize(("patients", "m"), [(40, 80), (40, 40), (60, 60), (150, 200), (12, 20)])
def test_copies_are_claimed_of_honest_images_in_no_more_than_one_of_forty_runs(patients: int, m: int) -> None:
    """The whole distribution of the number above the level, which is exact; draws of a patient all alike."""
    level, rank = level_of(np.arange(float(m)))
    alarm = 0.0
    for above in range(patients + 1):
        scores = np.repeat(np.where(np.arange(patients) < above, level + 1.0, level - 1.0), 3)
        found = rate(scores, np.repeat(np.arange(patients), 3), np.arange(float(m))).extra
        assert found["p_copies"] == pytest.approx(betabinom.sf(above - 1, patients, rank, m + 1 - rank))
        if found["copies_low"] > 0.0:
            alarm += betabinom.pmf(above, patients, rank, m + 1 - rank)
    assert 0.0 < alarm <= 0.025


def test_effective_count_lies_between_clusters_and_images() -> None:
    cluster = np.repeat(np.arange(25), 4)
    whole = (np.arange(25) < 5).astype(float)[cluster]
    assert effective_count(whole, cluster) == pytest.approx(25.0, rel=0.05)
    spread = (np.arange(100) % 4 == 0).astype(float)
    assert effective_count(spread, cluster) == 25.0  # one of four in every cluster: no variance seen, so the fewest
    assert effective_count((np.random.default_rng(0).random(100) < 0.3).astype(float), np.arange(100)) == 100.0
    assert effective_count(np.zeros(100), cluster) == 25.0


def test_tails_are_order_statistics_with_covering_interval() -> None:
    found = rate(np.arange(1.0, 101.0), np.arange(100), np.zeros(200), tails=True).extra
    assert (found["worst"], found["p99"], found["p95"], found["median"]) == (100.0, 99.0, 95.0, 50.5)
    assert found["held_out_worst"] == 0.0
    rng = np.random.default_rng(1)
    true, covered = 1.6448536, 0
    for _ in range(250):
        extra = rate(rng.normal(size=150), np.arange(150), np.zeros(150), tails=True).extra
        covered += extra["p95_low"] <= true <= extra["p95_high"]
    assert covered / 250 >= 0.93


def test_bad_arrays_are_refused_and_few_patients_have_no_interval() -> None:
    with pytest.raises(ValueError, match="clusters"):
        rate(np.zeros(3), np.arange(2), np.zeros(9))
    arrays = {"scores": np.zeros(3), "cluster": np.arange(3), "threshold": np.zeros(1)}
    with pytest.raises(ValueError, match="rank"):
        calibrated_rate(arrays, seed=0, rank=0, calibration=5)
    assert "3 patients" in str(calibrated_rate(arrays, seed=0, rank=1, calibration=5).interval_reason)
    assert rate(np.zeros(0), np.zeros(0, int), np.zeros(9)).value is None
