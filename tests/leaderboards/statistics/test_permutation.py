from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from leaderboards.statistics.kernel_tiles import RBF
from leaderboards.statistics.permutation import permutation, relabellings


def arrays(x: NDArray, y: NDArray, of_x: NDArray, of_y: NDArray) -> dict[str, NDArray]:
    return {
        "generated": x.astype(np.float32),
        "reference": y.astype(np.float32),
        "patient_generated": of_x,
        "patient_reference": of_y,
    }


def test_statistic_equals_the_whole_matrix_for_every_relabelling(monkeypatch: pytest.MonkeyPatch) -> None:
    import leaderboards.statistics.permutation as module

    monkeypatch.setattr(module.spans, "__defaults__", (16,))
    rng = np.random.default_rng(0)
    features = rng.normal(size=(50, 3)).astype(np.float32)
    patients = rng.integers(0, 14, 50)
    labels = (rng.random((50, 6)) < 0.5).astype(float)
    statistic, defined = module._statistics(features, patients, labels, RBF(1.4), features.mean(0).astype(float))
    assert defined.all()
    x = features.astype(float)
    kernel = np.exp(-((x[:, None] - x[None]) ** 2).sum(2) / (2 * 1.4**2))
    apart = patients[:, None] != patients[None]
    for column in range(6):
        one = labels[:, column].astype(bool)
        mean = [kernel[np.ix_(a, b)][apart[np.ix_(a, b)]].mean() for a, b in ((one, one), (~one, ~one), (one, ~one))]
        assert statistic[column] == pytest.approx(mean[0] + mean[1] - 2 * mean[2], abs=1e-12)


def test_relabelling_moves_whole_patients() -> None:
    patients = np.array([0, 0, 1, 1, 1, 2, 3, 3, 4, 5, 0, 0, 1, 6, 6])
    observed = np.arange(15) < 10
    labels = relabellings(observed, patients, np.random.default_rng(0), 200)
    assert np.array_equal(labels[:, 0], observed.astype(float))
    swap = labels[[0, 1, 10, 11], 1:]
    assert set(map(tuple, swap.T)) == {(1, 1, 0, 0), (0, 0, 1, 1)}
    assert (labels[patients == 1, 1:].sum(0) == 3).all() and len(set(map(tuple, labels[patients == 1, 1:].T))) == 4
    assert np.array_equal(labels[6], labels[7]) and np.array_equal(labels[13], labels[14])
    one_sided = labels[[5, 6, 8, 9, 13], 1:]
    assert (one_sided.sum(0) == 4).all() and len(set(map(tuple, one_sided.T))) == 5


def test_finds_a_shift_and_keeps_quiet_about_none() -> None:
    rng = np.random.default_rng(1)
    x, y, of = rng.normal(size=(80, 4)), rng.normal(size=(80, 4)), np.arange(80) // 2
    same = permutation(arrays(x, y, of, of), bandwidth=2.0, seed=0, permutations=199)
    shifted = permutation(arrays(x + 1, y, of, of), bandwidth=2.0, seed=0, permutations=199)
    assert same.value > 0.05
    assert shifted.value == pytest.approx(1 / 200)
    assert permutation(arrays(y, x, of, of), bandwidth=2.0, seed=0, permutations=199).value == same.value
    assert same == permutation(arrays(x, y, of, of), bandwidth=2.0, seed=0, permutations=199)


def test_identical_sets_are_never_significant() -> None:
    x = np.random.default_rng(2).normal(size=(30, 4))
    estimate = permutation(arrays(x, x, np.arange(30), np.arange(30)), bandwidth=2.0, seed=0, permutations=99)
    assert estimate.value == 1.0


def test_undefined_with_one_patient() -> None:
    x = np.random.default_rng(3).normal(size=(9, 4))
    assert (
        permutation(arrays(x, x, np.zeros(9, int), np.arange(9)), bandwidth=1.0, seed=0, permutations=9).value is None
    )


def rejections(as_patients: bool, paired: bool, repeats: int) -> int:
    """How often p <= 0.05 under the null hypothesis, with five images of each patient on one side or both."""
    rng, rejected = np.random.default_rng(4), 0
    for repeat in range(repeats):
        of_x = np.repeat(np.arange(16), 5)
        of_y = of_x if paired else of_x + 16
        mean = rng.normal(size=(32, 3)) * 2
        x, y = (mean[of] + 0.3 * rng.normal(size=(80, 3)) for of in (of_x, of_y))
        if not as_patients:
            of_x, of_y = np.arange(80), 80 + np.arange(80)
        p = permutation(arrays(x, y, of_x, of_y), bandwidth=3.0, seed=repeat, permutations=99).value
        rejected += p is not None and p <= 0.05
    return rejected


@pytest.mark.slow
@pytest.mark.parametrize("paired", [False, True])
def test_level_holds_under_the_null(paired: bool) -> None:
    """Binomial(400, 0.05) lies in 9..31 with probability 0.998."""
    assert 9 <= rejections(True, paired, 400) <= 31


@pytest.mark.slow
def test_permuting_images_of_patients_breaks_the_level() -> None:
    assert rejections(False, False, 100) > 50


def rejections_of_a_painter(shown: int, repeats: int) -> int:
    """How often p <= 0.05 where real images share their patient's body, and each generated image is shown so often.

    Heavy tails, 1 to 3 images a patient, and what the prompt fixes is the same on both sides.
    """
    rejected = 0
    for repeat in range(repeats):
        rng = np.random.default_rng((5, repeat))

        def drawn(n: int, rng: np.random.Generator = rng) -> NDArray:
            return rng.normal(size=(n, 8)) * np.linspace(2, 0.2, 8) / np.sqrt(rng.chisquare(4, size=(n, 1)) / 4)

        of = np.repeat(np.arange(40), rng.choice([1, 1, 1, 2, 3], 40))
        n = len(of)
        prompt = 0.5 * rng.normal(size=(n, 8))
        bodies = drawn(n)[rng.permutation(n) // shown]
        y = prompt + 0.8 * drawn(40)[of] + 0.6 * drawn(n)
        x = prompt + 0.8 * bodies + 0.6 * drawn(n)
        p = permutation(arrays(x, y, of, of), bandwidth=3.0, seed=repeat, permutations=99).value
        rejected += p is not None and p <= 0.05
    return rejected


@pytest.mark.slow
def test_level_holds_where_only_real_images_share_their_patient() -> None:
    """Binomial(400, 0.05) lies in 9..31 with probability 0.998."""
    assert 9 <= rejections_of_a_painter(1, 400) <= 31


@pytest.mark.slow
def test_a_generator_that_shows_each_patient_for_several_prompts_is_noticed() -> None:
    assert rejections_of_a_painter(4, 100) > 15
