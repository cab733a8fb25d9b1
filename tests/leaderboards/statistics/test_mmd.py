from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from gaussian_kernels import cubic_mmd
from numpy.typing import NDArray

from chexgenbench.kernels import pair_sums
from chexgenbench.metrics.base import Side
from leaderboards.statistics.kernel_tiles import RBF, Kernel, Polynomial
from leaderboards.statistics.mmd import mmd

KID = Polynomial.of_kid(6)


def side(features: NDArray[Any], patients: NDArray[Any]) -> Side:
    n = len(features)
    return Side(
        features.astype(np.float32),
        patients.astype(np.str_),
        np.arange(n).astype(np.str_),
        np.arange(n),
        "enc.generated",
    )


def brute_force(x: Side, y: Side, kernel: Kernel) -> float:
    """Means of the whole matrices over pairs of different patients."""
    a, b = x.features.astype(float), y.features.astype(float)

    def mean(k: NDArray[Any], p: NDArray[Any], q: NDArray[Any]) -> float:
        return float(k[p[:, None] != q[None, :]].mean())

    own = mean(kernel(a, a), x.patients, x.patients) + mean(kernel(b, b), y.patients, y.patients)
    return own - 2 * mean(kernel(a, b), x.patients, y.patients)


def clustered(rng: np.random.Generator, patients: int, most: int, shift: float = 0.0) -> tuple[Side, Side]:
    """A paired split: a generated image for every real one, both near their patient's mean."""
    of = np.repeat(np.arange(patients), rng.integers(1, most + 1, patients))
    means = rng.normal(size=(patients, 6))
    draw = [means[of] + 0.5 * rng.normal(size=(len(of), 6)) for _ in range(2)]
    return side(draw[0] + shift, of), side(draw[1], of)


@pytest.mark.parametrize("kernel", [KID, RBF(2.5)])
def test_value_and_error_equal_brute_force_deletion_of_patients(kernel: Kernel) -> None:
    x, y = clustered(np.random.default_rng(0), 12, 4)
    y = y.take(np.arange(2, len(y)))
    estimate = mmd(pair_sums(x, y, kernel))
    assert estimate.value == pytest.approx(brute_force(x, y, kernel), abs=1e-12)
    deleted = [
        brute_force(x.take(np.flatnonzero(x.patients != p)), y.take(np.flatnonzero(y.patients != p)), kernel)
        for p in np.unique(x.patients)
    ]
    assert estimate.se == pytest.approx(np.sqrt(11 / 12 * np.sum((np.array(deleted) - estimate.value) ** 2)), rel=1e-9)


def test_blocks_of_patients_give_the_same_value_and_delete_whole_blocks() -> None:
    rng = np.random.default_rng(1)
    x, y = clustered(rng, 260, 3, shift=0.3)
    per_patient, blocks = pair_sums(x, y, KID), pair_sums(x, y, KID, share=False)
    assert len(blocks["size"]) == 13 and len(per_patient["size"]) == 260
    np.testing.assert_allclose(blocks["total_sum"], per_patient["total_sum"], rtol=1e-12)
    one, other = mmd(per_patient), mmd(blocks)
    assert one.value == pytest.approx(other.value, rel=1e-9)
    assert 0.5 < one.se / other.se < 2.0

    from leaderboards.statistics.blocks import paired_blocks

    of_x, of_y = paired_blocks(x.patients, y.patients, 13, min_reference_patients=20)
    rest = brute_force(x.take(np.flatnonzero(of_x != 3)), y.take(np.flatnonzero(of_y != 3)), KID)
    left = (blocks["total_sum"] - blocks["removed_sum"][3]) / (blocks["total_count"] - blocks["removed_count"][3])
    assert left @ [1, 1, -2] == pytest.approx(rest, rel=1e-9)


def test_copying_every_image_of_every_patient_changes_nothing() -> None:
    x, y = clustered(np.random.default_rng(2), 20, 2)
    twice = np.repeat(np.arange(len(x)), 2)
    once, doubled = mmd(pair_sums(x, y, KID)), mmd(pair_sums(x.take(twice), y.take(twice), KID))
    assert doubled.value == pytest.approx(once.value, rel=1e-9)
    assert doubled.se == pytest.approx(once.se, rel=1e-9)
    assert doubled.extra["image_level"] != pytest.approx(once.extra["image_level"], rel=1e-3)


def test_swapping_sides_and_shuffling_rows_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    x, y = clustered(rng, 30, 3)
    base, swapped = mmd(pair_sums(x, y, KID)), mmd(pair_sums(y, x, KID))
    shuffled = mmd(pair_sums(x.take(rng.permutation(len(x))), y.take(rng.permutation(len(y))), KID))
    for other in (swapped, shuffled):
        assert (other.value, other.se) == pytest.approx((base.value, base.se), rel=1e-9)


def test_image_level_value_is_the_textbook_u_statistic() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(40, 6)), rng.normal(size=(55, 6)) + 0.2
    arrays = pair_sums(side(x, np.arange(40)), side(y, np.arange(100, 155)), KID)
    x, y = x.astype(np.float32).astype(float), y.astype(np.float32).astype(float)
    kxx, kyy, kxy = ((a @ b.T / 6 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    expected = (kxx.sum() - np.trace(kxx)) / (40 * 39) + (kyy.sum() - np.trace(kyy)) / (55 * 54) - 2 * kxy.mean()
    estimate = mmd(arrays)
    assert estimate.value == pytest.approx(expected, abs=1e-12)
    assert estimate.extra["image_level"] == pytest.approx(expected, abs=1e-12)


def test_gaussians_under_the_cubic_kernel_meet_the_closed_form() -> None:
    rng, n = np.random.default_rng(5), 1500
    x, y = 0.4 + 1.3 * rng.normal(size=(n, 6)), rng.normal(size=(n, 6))
    estimate = mmd(pair_sums(side(x, np.arange(n)), side(y, n + np.arange(n)), KID))
    truth = cubic_mmd(6, 0.4, 1.3, 1.0)
    assert estimate.value is not None and estimate.se is not None
    assert abs(estimate.value - truth) < 3 * estimate.se
    assert estimate.se < 0.1 * truth


def test_undefined_value_and_undefined_interval_say_why() -> None:
    x = np.random.default_rng(6).normal(size=(30, 6))
    same = mmd(pair_sums(side(x, np.zeros(30)), side(x, np.arange(30)), KID))
    assert same.value is None and "one patient" in str(same.reason)
    few = mmd(pair_sums(side(x, np.arange(30) // 8), side(x, np.arange(30) // 8), KID))
    assert few.value is not None and few.low is None and "needs 10" in str(few.interval_reason)


def coverage(level_of: Any, repeats: int, shift: float, paired: bool) -> tuple[float, float]:
    """Share of intervals that hold the true value, and mean error."""
    rng = np.random.default_rng(7)
    truth = cubic_mmd(6, shift, 1.25**0.5, 1.25**0.5)
    held, values = 0, []
    for _ in range(repeats):
        x, y = clustered(rng, 60, 5, shift)
        if not paired:
            y = clustered(rng, 60, 5)[1]
            y = Side(y.features, np.char.add("r", y.patients), y.ids, y.rows, y.source)
        low, high, value = level_of(pair_sums(x, y, KID), x, y)
        held += low <= truth <= high
        values.append(value)
    return held / repeats, float(np.mean(values)) - truth


def patient_interval(arrays: Mapping[str, Any], x: Side, y: Side) -> tuple[float, float, float]:
    estimate = mmd(arrays)
    assert estimate.low is not None and estimate.high is not None and estimate.value is not None
    return estimate.low, estimate.high, estimate.value


def image_interval(arrays: Mapping[str, Any], x: Side, y: Side) -> tuple[float, float, float]:
    """The negative control: every image its own patient."""
    alone = [Side(s.features, s.rows.astype(np.str_), s.ids, s.rows, s.source) for s in (x, y)]
    alone[1] = Side(y.features, np.char.add("r", alone[1].patients), y.ids, y.rows, y.source)
    return patient_interval(pair_sums(alone[0], alone[1], KID), x, y)


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "paired"), [(0.0, False), (0.6, False), (0.6, True), (0.0, True)])
def test_interval_covers_with_clustered_patients(shift: float, paired: bool) -> None:
    held, bias = coverage(patient_interval, 300, shift, paired)
    assert 0.92 <= held <= 1.0
    assert abs(bias) < 0.03


@pytest.mark.slow
def test_interval_that_takes_images_for_independent_does_not_cover() -> None:
    assert coverage(image_interval, 300, 0.6, False)[0] < 0.85
