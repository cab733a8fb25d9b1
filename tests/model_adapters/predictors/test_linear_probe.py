from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from model_adapters.predictors.linear_probe import STRENGTHS, LinearProbe, fit_probe


def made(n: int = 120, d: int = 40, labels: int = 3, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(n, d)) * rng.uniform(0.5, 4, d) + rng.normal(size=d)).astype(np.float32)
    logits = (x - x.mean(axis=0)) @ rng.normal(size=(d, labels)) / np.sqrt(d) - 0.5
    y = (rng.random((n, labels)) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    return x, y, np.array([f"p{i // 2}" for i in range(n)])


@pytest.mark.parametrize("shape", [(120, 40), (60, 200)], ids=["more images", "more features"])
@pytest.mark.parametrize("strength", [1e-3, 1e-1])
def test_it_is_scikit_learns_logistic_regression(shape: tuple[int, int], strength: float) -> None:
    """One patient only: nothing is held out, and the fit is that of all images."""
    x, y, _ = made(*shape)
    weight = np.random.default_rng(1).uniform(0.5, 2, len(x)).astype(np.float32)
    probe = fit_probe(x, y, np.full(len(x), "p"), 0, weight, strengths=[strength] * 4)
    mean = np.average(x.astype(float), axis=0, weights=weight)
    z = (x - mean) / np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
    for label in range(3):
        expected = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(z, y[:, label], weight)
        assert probe.weight[label] == pytest.approx(expected.coef_[0], rel=2e-3, abs=1e-5)
        assert probe.predict(x)[:, label] == pytest.approx(expected.predict_proba(z)[:, 1], abs=2e-4)


def test_unknown_cells_teach_nothing() -> None:
    x, y, patients = made()
    holes = y.copy()
    holes[::3, 1] = np.nan
    probe, whole = fit_probe(x, holes, patients, 0, strengths=[0.01]), fit_probe(x, y, patients, 0, strengths=[0.01])
    assert probe.predict(x)[:, [0, 2]] == pytest.approx(whole.predict(x)[:, [0, 2]], abs=1e-4)
    assert np.abs(probe.predict(x)[:, 1] - whole.predict(x)[:, 1]).max() > 0.01
    for value in (0.0, 1.0):  # whatever stands in a cell that counts for nothing
        filled = np.where(np.isnan(holes), value, holes).astype(np.float32)
        assert np.abs(fit_probe(x, filled, patients, 0, strengths=[0.01]).predict(x) - probe.predict(x)).max() > 0.01


def test_a_label_of_one_kind_is_a_constant_and_an_unknown_one_a_half() -> None:
    x, y, patients = made()
    y[:, 0], y[:, 1] = 1.0, np.nan
    probability = fit_probe(x, y, patients, 0).predict(x)
    assert len(np.unique(probability[:, 0])) == 1 and 0.98 < probability[0, 0] < 1.0
    assert (probability[:, 1] == 0.5).all()
    assert fit_probe(x, np.full_like(y, np.nan), patients, 0).predict(x) == pytest.approx(0.5)


def test_a_weight_of_two_is_the_image_twice() -> None:
    x, y, _ = made(60)
    weight = np.random.default_rng(2).integers(1, 3, 60)
    patients = np.full(60, "p")
    doubled = [np.repeat(each, weight, axis=0) for each in (x, y, patients)]
    one = fit_probe(x, y, patients, 0, weight.astype(np.float32), strengths=[0.01] * 4)
    other = fit_probe(*doubled, 0, strengths=[0.01] * 4)
    assert one.predict(x) == pytest.approx(other.predict(x), abs=1e-4)


def test_the_validation_patients_choose_the_strength() -> None:
    x, _, patients = made(300, 200)
    easy = (x[:, :1] > x[:, :1].mean()).astype(np.float32)
    noise = np.random.default_rng(3).integers(0, 2, (300, 1)).astype(np.float32)
    assert fit_probe(x, easy, patients, 0).strength > fit_probe(x, noise, patients, 0).strength == STRENGTHS[0]


def test_seeds_hold_out_other_patients_and_the_same_seed_repeats() -> None:
    x, y, patients = made()
    first, again, other = (fit_probe(x, y, patients, seed).predict(x) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_it_is_stored_and_read_back() -> None:
    x, y, patients = made()
    probe = fit_probe(x, y, patients, 0)
    assert np.array_equal(LinearProbe.of(probe.arrays()).predict(x), probe.predict(x))


def test_what_does_not_fit_is_refused() -> None:
    x, y, patients = made()
    with pytest.raises(ValueError, match="119 targets"):
        fit_probe(x, y[1:], patients, 0)
