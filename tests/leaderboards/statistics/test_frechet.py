"""The Frechet estimator against brute-force deletion, its other forms, and what it must refuse to say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import sqrtm
from threadpoolctl import threadpool_limits

from leaderboards.statistics.blocks import paired_blocks
from leaderboards.statistics.frechet import frechet, frechet_difference
from leaderboards.statistics.frechet_pair import required_count
from leaderboards.statistics.frechet_sharded import frechet_sharded
from leaderboards.statistics.registry import estimate

Arrays = dict[str, np.ndarray[Any, Any]]


def comparison(seed: int = 0, dimension: int = 8, patients: int = 60, blocks: int = 12, shift: float = 0.2) -> Arrays:
    """Two sides of the same patients, one to four images each."""
    rng = np.random.default_rng(seed)
    names = np.repeat(np.arange(patients), rng.integers(1, 5, patients)).astype(str)
    generated_block, reference_block = paired_blocks(names, names, blocks, seed)
    scale = 1 / np.sqrt(np.arange(1, dimension + 1))
    reference = rng.normal(size=(len(names), dimension)) * scale + 3
    generated = rng.normal(size=(len(names), dimension)) * scale * 1.1 + 3 + shift * scale
    return {
        "generated": generated.astype(np.float32),
        "generated_block": generated_block,
        "reference": reference.astype(np.float32),
        "reference_block": reference_block,
    }


def moments(arrays: Arrays, side: str) -> Arrays:
    """The side as block moments, by plain sums."""
    features, block = arrays[side].astype(np.float64), arrays[f"{side}_block"]
    blocks = range(block.max() + 1)
    return {
        f"{side}_count": np.array([(block == index).sum() for index in blocks]),
        f"{side}_sum": np.stack([features[block == index].sum(axis=0) for index in blocks]),
        f"{side}_outer": np.stack([features[block == index].T @ features[block == index] for index in blocks]),
    }


def as_moments(arrays: Arrays, *sides: str) -> Arrays:
    kept = {key: array for key, array in arrays.items() if key.removesuffix("_block") not in sides}
    return {**kept, **{key: array for side in sides for key, array in moments(arrays, side).items()}}


def textbook(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x.astype(np.float64), y.astype(np.float64)
    cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(cov_x + cov_y - 2 * sqrtm(cov_x @ cov_y).real))


def test_value_jackknife_and_interval_follow_from_deleting_rows() -> None:
    arrays = comparison()
    lost = np.random.default_rng(1).uniform(size=len(arrays["generated"])) < 0.3
    arrays["generated"], arrays["generated_block"] = arrays["generated"][~lost], arrays["generated_block"][~lost]
    x, y = arrays["generated"], arrays["reference"]
    bx, by = arrays["generated_block"], arrays["reference_block"]
    value = textbook(x, y)
    deleted = np.array([textbook(x[bx != block], y[by != block]) for block in range(12)])
    share = (np.bincount(bx) / len(x) + np.bincount(by) / len(y)) / 2
    corrected = 12 * value - ((1 - share) * deleted).sum()
    pseudo = value / share - (1 / share - 1) * deleted
    se = np.sqrt(np.mean((pseudo - corrected) ** 2 / (1 / share - 1)))
    result = frechet(arrays)
    assert result.value == pytest.approx(value, rel=1e-9)
    assert result.extra["bias_corrected"] == pytest.approx(corrected, rel=1e-7)
    assert result.se == pytest.approx(se, rel=1e-7)
    assert result.low is not None and result.high is not None
    assert (result.low + result.high) / 2 == pytest.approx(corrected, rel=1e-7)
    assert result.high - result.low == pytest.approx(2 * 2.200985160082949 * se, rel=1e-7)


@pytest.mark.parametrize("sides", [("reference",), ("generated", "reference")])
def test_moments_alone_give_the_same_as_features(sides: tuple[str, ...]) -> None:
    arrays = comparison(1)
    by_features, by_moments = frechet(arrays), frechet(as_moments(arrays, *sides))
    for field in ("value", "low", "high", "se"):
        assert getattr(by_moments, field) == pytest.approx(getattr(by_features, field), rel=1e-9)
    assert dict(by_moments.extra) == pytest.approx(dict(by_features.extra), rel=1e-9)


@pytest.mark.parametrize(("generated", "reference"), [(9, 11), (9, 80), (80, 9)])
def test_moments_alone_give_the_same_below_full_rank(generated: int, reference: int) -> None:
    arrays = comparison(2, dimension=20)
    for side, count in (("generated", generated), ("reference", reference)):
        arrays[side], arrays[f"{side}_block"] = arrays[side][:count], arrays[f"{side}_block"][:count]
    value = frechet(arrays).value
    for sides in (("reference",), ("generated",), ("generated", "reference")):
        assert frechet(as_moments(arrays, *sides)).value == pytest.approx(value, rel=1e-9)


def test_rounding_noise_of_moments_far_from_zero_does_not_fill_null_directions() -> None:
    """Features around 1000 leave noise in the null space; each direction taken for real would lower the distance."""
    arrays = comparison(2, dimension=40, patients=90, blocks=3)
    for side in ("generated", "reference"):
        arrays[side] = arrays[side] + np.float32(1000)
    arrays["generated"], arrays["generated_block"] = arrays["generated"][:15], arrays["generated_block"][:15]
    value = frechet(arrays).value
    assert frechet(as_moments(arrays, "generated")).value == pytest.approx(value, rel=1e-7)


def test_order_of_rows_and_names_of_blocks_do_not_matter() -> None:
    arrays = comparison(3)
    rng = np.random.default_rng(0)
    shuffled = dict(arrays)
    relabel = rng.permutation(12)
    for side in ("generated", "reference"):
        order = rng.permutation(len(arrays[side]))
        shuffled[side], shuffled[f"{side}_block"] = arrays[side][order], relabel[arrays[f"{side}_block"][order]]
    before, after = frechet(arrays), frechet(shuffled)
    assert (after.value, after.se) == pytest.approx((before.value, before.se), rel=1e-9)
    assert after.extra["bias_corrected"] == pytest.approx(before.extra["bias_corrected"], rel=1e-9)


def test_bits_do_not_depend_on_threads_or_repetition() -> None:
    arrays = comparison(4, dimension=260, patients=700)
    with threadpool_limits(2):
        first = frechet(arrays)
    with threadpool_limits(1):
        second = frechet(arrays)
    assert first.se is not None
    assert first == second == frechet(arrays)


def test_the_same_images_on_both_sides_are_at_zero() -> None:
    arrays = comparison(5)
    arrays["generated"], arrays["generated_block"] = arrays["reference"], arrays["reference_block"]
    result = frechet(arrays)
    assert (result.value, result.low, result.high) == (0.0, 0.0, 0.0)


def test_correction_and_infinity_find_the_population_where_the_plain_value_does_not() -> None:
    """Equal populations are 0 apart; 64 dimensions and 500 images make the plain value 0.19 (1/k spectrum)."""
    results = [frechet(comparison(seed, 64, 220, 50, shift=0.0)) for seed in range(6)]
    population = sum((1 - 1.1) ** 2 / k for k in range(1, 65))
    plain = np.mean([result.value for result in results])
    assert plain > 3 * population
    for name in ("bias_corrected", "infinity"):
        assert np.mean([result.extra[name] for result in results]) == pytest.approx(population, abs=0.02)


def test_paired_difference_is_the_difference_and_narrower_than_two_intervals() -> None:
    a = comparison(6)
    b = {**a, "generated": a["generated"] + np.float32(0.05)}
    result, of_a, of_b = frechet_difference(a, b), frechet(a), frechet(b)
    assert result.value == pytest.approx(of_a.value - of_b.value, rel=1e-9)
    corrected = of_a.extra["bias_corrected"] - of_b.extra["bias_corrected"]
    assert result.extra["bias_corrected"] == pytest.approx(corrected, rel=1e-7)
    assert result.se < 0.3 * np.hypot(of_a.se, of_b.se)
    swapped = frechet_difference(b, a)
    assert (swapped.low, swapped.high) == pytest.approx((-result.high, -result.low), rel=1e-9)
    with pytest.raises(ValueError, match="same reference"):
        frechet_difference(a, comparison(7))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dimension": 80, "patients": 40}, "80 dimensions need 120 images"),
        ({"blocks": 5}, "6 blocks of patients; there are 5"),
    ],
)
def test_too_little_data_leaves_the_value_without_interval(change: dict[str, Any], words: str) -> None:
    arrays = comparison(**change)
    result = frechet(arrays)
    assert result.value is not None and words in str(result.interval_reason)
    assert (result.low, result.se) == (None, None) and not {"bias_corrected", "infinity"} & result.extra.keys()
    difference = frechet_difference(arrays, arrays)
    assert difference.value == 0 and difference.interval_reason == result.interval_reason


def test_repeated_patients_and_heavy_tails_count_as_fewer_images() -> None:
    rng = np.random.default_rng(8)
    block = np.repeat(np.arange(50), 8)
    independent = rng.normal(size=(400, 40)).astype(np.float32)
    repeated = np.repeat(rng.normal(size=(50, 40)), 8, axis=0).astype(np.float32)
    heavy = (independent * np.sqrt(1 / rng.chisquare(2.5, size=(400, 1)))).astype(np.float32)
    given = {"reference": independent, "reference_block": block, "generated_block": block}
    numbers = {}
    for name, generated in (("independent", independent), ("repeated", repeated), ("heavy", heavy)):
        result = frechet({**given, "generated": generated})
        numbers[name] = result.extra["effective_generated"]
        assert (result.low is None) == (numbers[name] < required_count(40))
    assert numbers["independent"] == pytest.approx(400, rel=0.1)
    assert numbers["repeated"] == pytest.approx(50, rel=0.1)
    assert numbers["heavy"] < 150


def test_one_patient_block_with_most_images_is_refused() -> None:
    arrays = comparison()
    arrays["generated_block"] = np.where(arrays["generated_block"] < 6, 0, arrays["generated_block"])
    assert "more than a third of the generated" in str(frechet(arrays).interval_reason)


def test_the_published_protocol_has_no_interval_and_one_image_no_value() -> None:
    arrays = comparison()
    published = frechet(arrays, interval=False)
    assert published.value == frechet(arrays).value
    assert published.low is None and not published.extra
    arrays["generated"], arrays["generated_block"] = arrays["generated"][:1], arrays["generated_block"][:1]
    assert frechet(arrays).value is None
    empty = {**arrays, "generated": arrays["generated"][:0], "generated_block": arrays["generated_block"][:0]}
    assert "there are 0" in str(frechet(empty).reason)


def test_sharded_is_the_mean_over_blocks() -> None:
    arrays = comparison(9, blocks=4)
    x, y = arrays["generated"], arrays["reference"]
    bx, by = arrays["generated_block"], arrays["reference_block"]
    distances = [textbook(x[bx == shard], y[by == shard]) for shard in range(4)]
    for given in (arrays, as_moments(arrays, "reference")):
        result = frechet_sharded(given)
        assert result.value == pytest.approx(np.mean(distances), rel=1e-9)
        assert result.low is None
        assert result.value > frechet(arrays).value


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"generated_block": np.zeros(3, np.int64)}, "generated_block must be"),
        ({"generated_block": None}, "needs the arrays generated_block"),
        ({"generated": np.zeros((4, 9), np.float32), "generated_block": np.zeros(4, np.int64)}, "9 dimensions"),
        ({"generated": np.zeros((4, 8), np.float32), "generated_block": np.full(4, -1)}, "negative"),
        ({"generated": np.zeros((4, 8), np.float32), "generated_block": np.full(4, 10**9)}, "at most 4096"),
        ({"generated": np.zeros(8, np.float32)}, "generated must be"),
    ],
)
def test_malformed_arrays_are_refused(change: dict[str, Any], words: str) -> None:
    arrays = {key: array for key, array in {**comparison(), **change}.items() if array is not None}
    with pytest.raises(ValueError, match=words):
        frechet(arrays)


def test_malformed_moments_are_refused() -> None:
    arrays = as_moments(comparison(), "reference")
    with pytest.raises(ValueError, match="moments of reference"):
        frechet({**arrays, "reference_sum": arrays["reference_sum"][:-1]})
    with pytest.raises(ValueError, match="no images"):
        frechet({**arrays, "reference_count": arrays["reference_count"] * 0})
    with pytest.raises(ValueError, match="NaN"):
        estimate("frechet", {**arrays, "reference_sum": arrays["reference_sum"] * np.nan})
