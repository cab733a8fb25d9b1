"""The distance against the textbook formula, closed forms, invariances and itself in its three forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import ortho_group

from leaderboards.statistics.frechet_distance import Gaussian, frechet_distance


def draw(seed: int, count: int, dimension: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(dimension, dimension)) / np.sqrt(np.arange(1, dimension + 1))
    return rng.normal(size=(count, dimension)) @ mixing + shift


def of(features: np.ndarray) -> Gaussian:
    return Gaussian.of_features(features)


def by_sums(features: np.ndarray) -> Gaussian:
    return Gaussian.of_sums(len(features), features.sum(axis=0), features.T @ features)


def textbook(x: np.ndarray, y: np.ndarray) -> float:
    cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = sqrtm(cov_x @ cov_y).real
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(cov_x + cov_y - 2 * root))


def in_span(x: np.ndarray, y: np.ndarray) -> float:
    """Textbook value below full rank, independently: the root of the symmetric form in the span of one side's data."""
    _, sigma, basis = np.linalg.svd((x - x.mean(0)) / np.sqrt(len(x) - 1), full_matrices=False)
    sigma, basis = sigma[:-1], basis[:-1]
    inner = (basis * sigma[:, None]) @ np.cov(y, rowvar=False) @ (basis * sigma[:, None]).T
    eigenvalues = np.sort(np.linalg.eigvalsh(inner))[::-1][: min(len(x), len(y)) - 1]
    trace = np.sqrt(np.clip(eigenvalues, 0, None)).sum()
    variance = x.var(axis=0, ddof=1).sum() + y.var(axis=0, ddof=1).sum()
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + variance - 2 * trace)


@pytest.mark.parametrize(("dimension", "n", "m"), [(1, 20, 30), (3, 50, 9), (24, 200, 150), (48, 60, 400)])
def test_agrees_with_the_matrix_square_root_at_full_rank(dimension: int, n: int, m: int) -> None:
    x, y = draw(0, n, dimension), draw(1, m, dimension, 0.3)
    x, y = x.reshape(n, dimension), y.reshape(m, dimension)
    wanted = textbook(x, y) if dimension > 1 else (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
    assert frechet_distance(of(x), of(y)) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(10, 14), (12, 300), (300, 12), (40, 39), (41, 41), (2, 5)])
def test_three_forms_agree_below_full_rank(n: int, m: int) -> None:
    """Centred features on both sides, features against a covariance, and covariances alone."""
    x, y = draw(2, n, 40), draw(3, m, 40, 0.2)
    forms = [frechet_distance(a, b) for a in (of(x), by_sums(x)) for b in (of(y), by_sums(y))]
    np.testing.assert_allclose(forms, forms[0], rtol=1e-9)
    small, large = (x, y) if n <= m else (y, x)
    if len(small) <= 40:
        assert forms[0] == pytest.approx(in_span(small, large), rel=1e-6)


def test_dead_dimensions_do_not_hurt() -> None:
    """ReLU encoders have features that are zero on every image: a singular covariance with n above d."""
    x, y = draw(4, 90, 20), draw(5, 80, 20)
    dead_x, dead_y = np.zeros((90, 26)), np.zeros((80, 26))
    dead_x[:, 3:23], dead_y[:, 3:23] = x, y
    for form in (of, by_sums):
        assert frechet_distance(form(dead_x), form(dead_y)) == pytest.approx(frechet_distance(of(x), of(y)), rel=1e-9)
    constant = np.ones((80, 26))
    wanted = ((dead_x.mean(0) - 1) ** 2).sum() + dead_x.var(axis=0, ddof=1).sum()
    for form in (of, by_sums):
        assert frechet_distance(form(dead_x), form(constant)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("count", [10, 60])
def test_identities_and_invariances(count: int) -> None:
    x, y = draw(6, count, 30), draw(7, count + 5, 30, 0.1)
    distance = frechet_distance(of(x), of(y))
    assert frechet_distance(of(x), of(x)) == 0.0
    assert frechet_distance(of(x), of(x[::-1])) == 0.0
    assert frechet_distance(of(y), of(x)) == pytest.approx(distance, rel=1e-10)
    rng = np.random.default_rng(0)
    assert frechet_distance(of(rng.permutation(x)), of(rng.permutation(y))) == pytest.approx(distance, rel=1e-10)
    rotation = ortho_group.rvs(30, random_state=1)
    assert frechet_distance(of(x @ rotation + 5), of(y @ rotation + 5)) == pytest.approx(distance, rel=1e-9)
    assert frechet_distance(of(3 * x), of(3 * y)) == pytest.approx(9 * distance, rel=1e-10)


def test_closed_forms() -> None:
    """A shifted set differs by the squared shift; a scaled one by (s - 1)^2 of its variance plus its moved mean."""
    x = draw(8, 100, 12)
    assert frechet_distance(of(x), of(x + 0.5)) == pytest.approx(12 * 0.25, rel=1e-9)
    centred = x - x.mean(axis=0)
    variance = x.var(axis=0, ddof=1).sum()
    assert frechet_distance(of(centred), of(1.7 * centred)) == pytest.approx(0.49 * variance, rel=1e-9)


def test_one_image_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="2 images"):
        of(np.ones((1, 4)))
    with pytest.raises(ValueError, match="2 images"):
        Gaussian.of_sums(1, np.ones(4), np.ones((4, 4)))
