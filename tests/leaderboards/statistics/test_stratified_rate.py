"""Rates averaged over tasks: closed forms, and coverage where questions share images and where a task is all wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from leaderboards.statistics.intervals import wilson
from leaderboards.statistics.registry import estimate
from leaderboards.statistics.stratified_rate import stratified_rate

TASKS = (100, 102, 51, 47, 100, 100, 100, 150, 100, 62, 57)
CATEGORIES = ((0, 1), (2, 3, 4, 5), (6, 7, 8), (9, 10))
MACRO = np.array([1 / (4 * len(group)) for group in CATEGORIES for _ in group])


def arrays(counts: list[tuple[int, int]], weights: list[float]) -> dict[str, NDArray]:
    """(right, asked) of each stratum, every question alone."""
    values = np.concatenate([np.repeat([1.0, 0.0], [right, n - right]) for right, n in counts])
    stratum = np.repeat(np.arange(len(counts)), [n for _, n in counts])
    return {"values": values, "stratum": stratum, "cluster": np.arange(len(values)), "weights": np.array(weights)}


def test_one_task_without_clusters_has_wilsons_interval() -> None:
    for right, n in ((0, 57), (7, 31), (60, 60)):
        found = stratified_rate(arrays([(right, n)], [1.0]))
        assert found.value == pytest.approx(right / n)
        assert (found.low, found.high) == pytest.approx(wilson(right, n), abs=1e-12)
        assert found.method == "Wilson score"


def test_two_tasks_add_squares_as_newcombe_does() -> None:
    found = stratified_rate(arrays([(30, 100), (45, 50)], [0.5, 0.5]))
    (low_1, high_1), (low_2, high_2) = wilson(30, 100), wilson(45, 50)
    assert found.value == pytest.approx(0.6)
    assert found.low == pytest.approx(0.6 - 0.5 * math.hypot(0.3 - low_1, 0.9 - low_2))
    assert found.high == pytest.approx(0.6 + 0.5 * math.hypot(high_1 - 0.3, high_2 - 0.9))


def test_macro_of_macro_is_the_mean_of_the_category_means() -> None:
    counts = [(n // 3 + task, n) for task, n in enumerate(TASKS)]
    found = stratified_rate(arrays(counts, MACRO.tolist()))
    means = [np.mean([counts[task][0] / counts[task][1] for task in group]) for group in CATEGORIES]
    assert found.value == pytest.approx(np.mean(means))


def test_micro_weights_give_the_share_of_all_questions() -> None:
    counts = [(10, 20), (5, 80)]
    assert stratified_rate(arrays(counts, [0.2, 0.8])).value == pytest.approx(15 / 100)


def test_a_task_all_wrong_still_widens_the_interval() -> None:
    half = stratified_rate(arrays([(50, 100), (0, 20)], [0.5, 0.5]))
    alone = stratified_rate(arrays([(50, 100), (0, 2000)], [0.5, 0.5]))
    assert half.high > alone.high > half.value == alone.value
    nothing = stratified_rate(arrays([(0, 62), (0, 57)], [0.5, 0.5]))
    assert nothing.value == nothing.low == 0 and nothing.high > 0.02


def test_copies_of_questions_add_nothing() -> None:
    alone = arrays([(30, 100)], [1.0])
    twice = {
        "values": np.repeat(alone["values"], 2),
        "stratum": np.repeat(alone["stratum"], 2),
        "cluster": np.repeat(alone["cluster"], 2),
        "weights": alone["weights"],
    }
    one, two = stratified_rate(alone), stratified_rate(twice)
    assert two.value == one.value
    assert one.high - one.low < two.high - two.low < 1.05 * (one.high - one.low), "t with 99 degrees instead of z"
    naive = stratified_rate(twice | {"cluster": np.arange(200)})
    assert naive.high - naive.low < 0.75 * (two.high - two.low)


def test_clusters_across_tasks_correlate_them() -> None:
    """The same answers in two tasks: averaging both is worth no more than one."""
    one = arrays([(30, 100)], [1.0])
    both = {
        "values": np.tile(one["values"], 2),
        "stratum": np.repeat([0, 1], 100),
        "cluster": np.tile(np.arange(100), 2),
        "weights": np.array([0.5, 0.5]),
    }
    apart = stratified_rate(both | {"cluster": np.arange(200)})
    joined, single = stratified_rate(both), stratified_rate(one)
    assert (joined.low, joined.high) == pytest.approx((single.low, single.high))
    assert apart.high - apart.low == pytest.approx((single.high - single.low) / math.sqrt(2))


def test_chance_is_nought_and_all_right_is_one() -> None:
    base = arrays([(25, 100), (50, 100)], [0.5, 0.5])
    chance = np.repeat([0.25, 0.5], 100)
    assert stratified_rate(base | {"chance": chance}).value == pytest.approx(0.0)
    perfect = arrays([(100, 100), (100, 100)], [0.5, 0.5])
    assert stratified_rate(perfect | {"chance": chance}).value == pytest.approx(1.0)
    half = stratified_rate(arrays([(62, 100)], [1.0]) | {"chance": np.full(100, 0.24)})
    low, high = wilson(62, 100)
    assert half.value == pytest.approx(0.38 / 0.76)
    assert (half.low, half.high) == pytest.approx(((low - 0.24) / 0.76, (high - 0.24) / 0.76))
    assert stratified_rate(perfect | {"chance": np.ones(200)}).value is None


def test_expectations_have_no_interval() -> None:
    found = stratified_rate(arrays([(1, 2)], [1.0]) | {"values": np.array([0.25, 0.5])}, exact=True)
    assert found.value == 0.375 and found.low is None and "exact" in str(found.interval_reason)


@pytest.mark.parametrize(
    "broken",
    [
        {"values": np.array([0.5, 1.0])},
        {"weights": np.array([0.9])},
        {"stratum": np.array([0, 1])},
        {"cluster": np.array([0])},
    ],
)
def test_what_does_not_fit_is_refused(broken: dict[str, NDArray]) -> None:
    with pytest.raises(ValueError):
        estimate("stratified_rate", arrays([(1, 2)], [1.0]) | broken)


def simulated(rng: np.random.Generator, rates: NDArray, shared: int, spread: float) -> dict[str, NDArray]:
    """A benchmark of the published sizes; `shared` questions to an image set, whose own rate is beta distributed."""
    values, stratum, cluster = [], [], []
    for task, (n, rate) in enumerate(zip(TASKS, rates, strict=True)):
        groups = -(-n // shared)
        own = rng.beta(rate / spread, (1 - rate) / spread, groups) if 0 < rate < 1 else np.full(groups, rate)
        values.append((rng.random(groups * shared) < np.repeat(own, shared))[:n].astype(float))
        cluster.append(np.repeat(np.arange(groups), shared)[:n] + sum(map(len, cluster)))
        stratum.append(np.full(n, task))
    return {
        "values": np.concatenate(values),
        "stratum": np.concatenate(stratum),
        "cluster": np.concatenate(cluster),
        "weights": MACRO,
    }


RATES = np.array([0.5, 0.8, 0.4, 0.25, 0.55, 0.3, 0.25, 0.35, 0.6, 0.05, 0.0])
"""An open model of the published table: multi-hop is nearly nothing."""


def coverage(shared: int, spread: float, ignore: bool, runs: int) -> float:
    rng = np.random.default_rng(7)
    truth = float((MACRO * RATES).sum())
    hits = 0
    for _ in range(runs):
        made = simulated(rng, RATES, shared, spread)
        if ignore:
            made["cluster"] = np.arange(len(made["values"]))
        found = stratified_rate(made)
        hits += found.low <= truth <= found.high
    return hits / runs


@pytest.mark.slow
@pytest.mark.parametrize(("shared", "spread"), [(1, 0.3), (2, 0.3), (5, 0.5)])
def test_the_overall_interval_covers(shared: int, spread: float) -> None:
    assert 0.935 <= coverage(shared, spread, ignore=False, runs=3000) <= 0.98


@pytest.mark.slow
def test_negative_control_ignoring_clusters_does_not_cover() -> None:
    assert coverage(5, 0.5, ignore=True, runs=1500) < 0.85
