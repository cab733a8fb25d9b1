"""Do 95 % intervals of paired differences by the delete-one-patient jackknife hold the true difference?

Two models draw images for the same patients; images of a patient are alike. The difference of kernel distances is known
in closed form for Gaussians. The negative control takes every image for a patient of its own.
"""

from __future__ import annotations

import numpy as np
import pytest
from gaussian_kernels import cubic_mmd
from made_features import side
from numpy.typing import NDArray

from chexgenbench.kernels import pair_sums
from leaderboards.comparison.differences import Difference, Scored, difference
from leaderboards.records.from_estimate import metric_result
from leaderboards.statistics.kernel_tiles import Polynomial
from leaderboards.statistics.registry import Arrays, estimate

D, PATIENTS, IMAGES = 6, 50, 5
KID = Polynomial.of_kid(D)


def scored(estimator: str, arrays: Arrays) -> Scored:
    line = metric_result(
        estimate(estimator, arrays), metric="kid", family="fidelity", direction="lower", estimator=estimator,
        n_generated=1, n_reference=1,
    )  # fmt: skip
    return Scored(line, arrays)


def draw(seed: int, shifts: tuple[float, float]) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Images of both models and real ones, N(shift, 1.25 I): a patient's part of variance 1, an image's of 0.25."""
    rng = np.random.default_rng(seed)
    shared, of_real = rng.normal(size=(2, PATIENTS, 1, D))

    def images(part: NDArray[np.float64], shift: float) -> NDArray[np.float64]:
        return (shift + part + 0.5 * rng.normal(size=(PATIENTS, IMAGES, D))).reshape(-1, D)

    return [images(shared, shift) for shift in shifts], images(of_real, 0.0)


def kernel(seed: int, shifts: tuple[float, float], by_patient: bool = True) -> Difference:
    drawn, real = draw(seed, shifts)
    names = np.repeat(np.arange(PATIENTS), IMAGES) if by_patient else np.arange(PATIENTS * IMAGES)
    sides = [scored("mmd", pair_sums(side(x, names), side(real, names, prefix="r"), KID)) for x in drawn]
    return difference(*sides)


def covered(shifts: tuple[float, float], repeats: int, by_patient: bool = True) -> float:
    truth = cubic_mmd(D, shifts[0], 1.25**0.5, 1.25**0.5) - cubic_mmd(D, shifts[1], 1.25**0.5, 1.25**0.5)
    held = []
    for seed in range(repeats):
        found = kernel(seed, shifts, by_patient)
        assert found.paired and found.estimate.low is not None and found.estimate.high is not None
        held.append(found.estimate.low <= truth <= found.estimate.high)
    return float(np.mean(held))


def test_a_paired_difference_is_found_where_two_errors_side_by_side_find_none() -> None:
    drawn, real = draw(1, (0.5, 0.6))
    names = np.repeat(np.arange(PATIENTS), IMAGES)
    a, b = (scored("mmd", pair_sums(side(x, names), side(real, names, prefix="r"), KID)) for x in drawn)
    paired, apart = difference(a, b), difference(a._replace(arrays=None), b)
    assert paired.estimate.se < 0.5 * apart.estimate.se  # type: ignore[operator]
    assert paired.estimate.value == pytest.approx(apart.estimate.value)


@pytest.mark.slow
@pytest.mark.parametrize("shifts", [(0.6, 0.6), (0.6, 0.2), (0.0, 0.0)])
def test_intervals_of_kernel_distances_cover(shifts: tuple[float, float]) -> None:
    assert 0.92 <= covered(shifts, 200) <= 1.0


@pytest.mark.slow
def test_control_every_image_a_patient_of_its_own_does_not_cover() -> None:
    assert covered((0.6, 0.2), 200, by_patient=False) < 0.85


@pytest.mark.slow
def test_no_difference_is_claimed_five_times_in_a_hundred() -> None:
    p = np.array([kernel(seed, (0.6, 0.6)).p for seed in range(1000, 1200)], np.float64)
    assert np.mean(p <= 0.05) <= 0.05 + 2 * (0.05 * 0.95 / 200) ** 0.5
