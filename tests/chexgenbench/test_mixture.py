from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from chexgenbench.mixture import Mixture, _exact_if_close, _step


def test_log_density_equals_scipy() -> None:
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    centres, x, log_variance = rng.normal(size=(9, 3)), rng.normal(size=(300, 3)), rng.normal(size=9)
    parts = [multivariate_normal(c, np.exp(v)).logpdf(x) for c, v in zip(centres, log_variance, strict=True)]
    expected = logsumexp(parts, axis=0) - np.log(9)
    np.testing.assert_allclose(Mixture(centres, log_variance).log_density(x), expected, rtol=1e-9)


def test_every_step_raises_the_likelihood() -> None:
    rng = np.random.default_rng(1)
    images, centres = rng.normal(size=(200, 4)), rng.normal(size=(50, 4))
    distances = _exact_if_close(images, centres).astype(np.float32)
    base = 0.81 * (images**2).sum(1)
    widths, log_base, values = np.log(distances.min(0) / 4 + 1e-3), 0.0, []
    for _ in range(30):
        value, widths, log_base = _step(distances, base, widths, log_base, 4)
        values.append(value)
    assert (np.diff(values) > -1e-9).all() and values[-1] > values[0] + 0.01


def test_widths_reach_a_maximum_of_the_published_objective() -> None:
    """The objective written out independently: a gradient climb from where the fit ends gains nothing."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(2)
    images, centres, dim = rng.normal(size=(60, 2)), rng.normal(size=(4, 2)), 2
    squared = ((images[:, None] - centres[None]) ** 2).sum(2)
    base = 0.81 * ((images - images.mean(0)) ** 2).sum(1)

    def negative(p: np.ndarray) -> float:
        parts = -0.5 * (squared / np.exp(p[:4]) + dim * (p[:4] + np.log(2 * np.pi))) - np.log(4)
        other = -0.5 * (base / np.exp(p[4]) + dim * (p[4] + np.log(2 * np.pi)))
        return -float(logsumexp(np.column_stack([parts, other]), axis=1).mean())

    fitted = Mixture.fit(centres, images).log_variance
    base_width = minimize(lambda v: negative(np.append(fitted, v)), [0.0]).x
    end = np.append(fitted, base_width)
    assert negative(end) - minimize(negative, end, method="BFGS").fun < 1e-4
    start = np.append(np.log((squared.min(0) + 1e-3) / dim), np.log(base.mean() / dim))
    assert negative(end) < negative(start) - 0.1


def test_fit_does_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    import chexgenbench.mixture as module

    rng = np.random.default_rng(3)
    images, centres = rng.normal(size=(300, 5)), rng.normal(size=(80, 5))
    whole = Mixture.fit(centres, images).log_variance
    monkeypatch.setattr(module, "ROWS", 37)
    np.testing.assert_allclose(Mixture.fit(centres, images).log_variance, whole, rtol=1e-6)


def test_a_gaussian_on_a_copied_image_collapses() -> None:
    rng = np.random.default_rng(4)
    images = rng.normal(size=(100, 20))
    copied, fresh = Mixture.fit(images[:50], images), Mixture.fit(rng.normal(size=(50, 20)), images)
    assert copied.log_variance.max() < -10 < fresh.log_variance.min()


def test_distances_of_copies_are_exactly_zero() -> None:
    x = np.random.default_rng(5).normal(size=(40, 30)) + 100
    assert (np.diag(_exact_if_close(x, x.copy())) == 0).all()
