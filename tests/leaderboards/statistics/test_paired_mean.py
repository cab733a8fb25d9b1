"""Paired differences: closed forms, exchange, clusters, and coverage with a control that fails."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.paired_mean import paired_mean


def test_small_samples_go_through_every_sign_pattern() -> None:
    a, b = np.array([3.0, 1.0, 4.0, 1.0]), np.zeros(4)
    found = paired_mean(a, b, np.arange(4), seed=1)
    assert found.extra["p"] == pytest.approx(2 / 16), "only all plus and all minus reach the observed sum"
    assert found.value == pytest.approx(2.25) and found.low is None and "needs 5" in str(found.interval_reason)


def test_swapping_the_models_changes_the_sign_alone() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 60))
    one, other = paired_mean(a, b, np.arange(60), seed=7), paired_mean(b, a, np.arange(60), seed=7)
    assert one.value == -other.value and one.extra["p"] == other.extra["p"]
    assert one.low == pytest.approx(-other.high, abs=1e-12) and one.extra["effect_size"] == -other.extra["effect_size"]


def test_p_value_follows_a_paired_t_test_for_normal_differences() -> None:
    from scipy.stats import ttest_rel

    rng = np.random.default_rng(5)
    for shift in (0.0, 0.2, 0.5):
        a, b = rng.normal(shift, 1, 80), rng.normal(0, 1, 80)
        assert paired_mean(a, b, np.arange(80), seed=2).extra["p"] == pytest.approx(ttest_rel(a, b).pvalue, abs=0.03)


def test_equal_models_differ_by_nothing_and_weights_count() -> None:
    a = np.arange(10.0)
    same = paired_mean(a, a, np.arange(10), seed=0)
    assert same.value == 0 and same.low is None and same.extra["p"] == 1.0
    weighted = paired_mean(np.array([1.0, 0.0]), np.zeros(2), np.arange(2), seed=0, weight=np.array([3.0, 1.0]))
    assert weighted.value == 0.75


def test_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="paired"):
        paired_mean(np.zeros(3), np.zeros(2), np.zeros(3, int), seed=0)


def clustered(rng: np.random.Generator, clusters: int, images: int, truth: float) -> tuple[np.ndarray, ...]:
    """Differences with a patient effect as large as the noise."""
    cluster = np.repeat(np.arange(clusters), images)
    effect = rng.normal(size=clusters)[cluster]
    difference = truth + effect + rng.normal(size=len(cluster))
    shared = rng.normal(size=len(cluster))
    return shared + difference, shared, cluster


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [12, 40])
def test_intervals_cover_with_clusters_and_not_when_they_are_ignored(clusters: int) -> None:
    rng = np.random.default_rng(clusters)
    hits = naive = rejected = 0
    trials = 300
    for trial in range(trials):
        a, b, cluster = clustered(rng, clusters, 6, 0.3)
        found = paired_mean(a, b, cluster, seed=trial, replicates=1000)
        ignored = paired_mean(a, b, np.arange(len(a)), seed=trial, replicates=1000)
        hits += bool(found.low <= 0.3 <= found.high)  # type: ignore[operator]
        naive += bool(ignored.low <= 0.3 <= ignored.high)  # type: ignore[operator]
        a, b, cluster = clustered(rng, clusters, 6, 0.0)
        rejected += paired_mean(a, b, cluster, seed=trial, replicates=10).extra["p"] <= 0.05
    assert hits / trials >= 0.91
    assert naive / trials <= 0.80, "the control that ignores patients must fail"
    assert rejected / trials <= 0.08
