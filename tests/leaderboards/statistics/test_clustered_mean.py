from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from leaderboards.statistics.clustered_mean import bootstrap_means, clustered_mean, wilson


def test_mean_of_images_and_the_same_interval_for_the_same_seed() -> None:
    rng = np.random.default_rng(0)
    arrays = {"values": rng.random(200), "cluster": rng.integers(0, 60, 200)}
    one, other = clustered_mean(arrays, seed=3), clustered_mean(arrays, seed=3)
    assert one == other != clustered_mean(arrays, seed=4)
    assert one.value == pytest.approx(arrays["values"].mean())
    assert one.low < one.value < one.high


def test_bootstrap_matches_resampling_patients_one_by_one() -> None:
    rng = np.random.default_rng(1)
    of = rng.integers(0, 30, 120)
    values = rng.random(120) + of / 30
    sums, counts = np.bincount(of, values), np.bincount(of).astype(float)
    fast = bootstrap_means(sums, counts, np.random.default_rng(2), 4000)
    slow = []
    for _ in range(4000):
        images = np.concatenate([np.flatnonzero(of == p) for p in rng.integers(0, 30, 30)])
        slow.append(values[images].mean())
    assert fast.mean() == pytest.approx(np.mean(slow), abs=0.02)
    assert fast.std() == pytest.approx(np.std(slow), rel=0.06)


def test_replicates_do_not_depend_on_how_many_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import leaderboards.statistics.clustered_mean as module

    rng = np.random.default_rng(2)
    sums, counts = rng.random(500), np.ones(500)
    whole = bootstrap_means(sums, counts, np.random.default_rng(0), 1000)
    monkeypatch.setattr(module, "WEIGHTS_AT_ONCE", 9_000)
    assert np.array_equal(bootstrap_means(sums, counts, np.random.default_rng(0), 1000), whole)


def test_blocks_with_sizes_equal_the_images_they_stand_for() -> None:
    rng = np.random.default_rng(3)
    block = np.sort(rng.integers(0, 12, 400))
    values = rng.random(400)
    size = np.bincount(block)
    images = clustered_mean({"values": values, "cluster": block}, seed=1)
    blocks = clustered_mean(
        {"values": np.bincount(block, values) / size, "cluster": np.arange(12), "size": size}, seed=1
    )
    assert blocks.value == pytest.approx(images.value)
    assert (blocks.low, blocks.high) == pytest.approx((images.low, images.high))


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_rate_of_nought_or_one_has_an_interval_by_patients(rate: float) -> None:
    from scipy.stats import binomtest

    arrays = {"values": np.full(100, rate), "cluster": np.arange(100) // 4}
    estimate = clustered_mean(arrays, seed=0, indicator=True)
    expected = binomtest(int(25 * rate), 25).proportion_ci(method="wilson")
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
    assert clustered_mean(arrays, seed=0).low is None


def test_equal_values_have_no_interval_of_rounding_noise() -> None:
    estimate = clustered_mean({"values": np.full(70, 0.8), "cluster": np.arange(70) // 3}, seed=0)
    assert (
        estimate.value == pytest.approx(0.8) and estimate.low is None and "same value" in str(estimate.interval_reason)
    )


def test_wilson_equals_scipy() -> None:
    from scipy.stats import binomtest

    expected = binomtest(7, 31).proportion_ci(0.9, method="wilson")
    assert wilson(7 / 31, 31, 0.9) == pytest.approx((expected.low, expected.high))


def test_undefined_and_wrong_inputs() -> None:
    assert clustered_mean({"values": np.zeros(0), "cluster": np.zeros(0, int)}, seed=0).value is None
    few = clustered_mean({"values": np.arange(8.0), "cluster": np.arange(8) // 2}, seed=0)
    assert few.value == 3.5 and few.low is None and "needs 5" in str(few.interval_reason)
    with pytest.raises(ValueError, match="clusters"):
        clustered_mean({"values": np.zeros(3), "cluster": np.zeros(2, int)}, seed=0)
    with pytest.raises(ValueError, match="outside"):
        clustered_mean({"values": np.full(9, 1.5), "cluster": np.arange(9)}, seed=0, indicator=True)


def made(rng: np.random.Generator, patients: int, binary: bool) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Images of a patient share most of their value; the mean is 0.7."""
    of = np.repeat(np.arange(patients), rng.integers(1, 8, patients))
    if binary:
        rate = rng.beta(0.7, 0.3, patients)
        return (rng.random(len(of)) < rate[of]).astype(float), of
    return 0.7 + rng.normal(size=patients)[of] + 0.3 * rng.normal(size=len(of)), of


@pytest.mark.slow
@pytest.mark.parametrize("patients", [12, 60])
@pytest.mark.parametrize("binary", [False, True])
def test_interval_covers_with_clustered_patients(patients: int, binary: bool) -> None:
    rng, held = np.random.default_rng(4), 0
    for repeat in range(1000):
        values, of = made(rng, patients, binary)
        estimate = clustered_mean({"values": values, "cluster": of}, seed=repeat, replicates=1000, indicator=binary)
        assert estimate.low is not None and estimate.high is not None
        held += estimate.low <= 0.7 <= estimate.high
    assert 915 <= held <= 985


@pytest.mark.slow
def test_interval_over_images_does_not_cover() -> None:
    rng, held = np.random.default_rng(4), 0
    for repeat in range(300):
        values, _ = made(rng, 60, False)
        estimate = clustered_mean({"values": values, "cluster": np.arange(len(values))}, seed=repeat, replicates=1000)
        assert estimate.low is not None and estimate.high is not None
        held += estimate.low <= 0.7 <= estimate.high
    assert held < 0.75 * 300
