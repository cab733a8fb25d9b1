"""The projection against scikit-learn's PCA, and what makes it fixed."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from chexgenbench.projection import Projection


def features(count: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(width, width)) / np.arange(1, width + 1)
    return (rng.normal(size=(count, width)) @ mixing + 2).astype(np.float32)


@pytest.mark.parametrize(("count", "width"), [(400, 90), (80, 200)])
def test_agrees_with_principal_components(count: int, width: int) -> None:
    """Both the covariance path and the path for fewer images than dimensions; signs are a convention."""
    x = features(count, width)
    projection, pca = Projection.fit(x), PCA(64, svd_solver="full").fit(x.astype(np.float64))
    assert projection.dimension == 64
    overlap = np.abs(np.sum(projection.basis[:, :20] * pca.components_.T[:, :20], axis=0))
    np.testing.assert_allclose(overlap, 1, atol=1e-6)
    assert projection.explained == pytest.approx(pca.explained_variance_ratio_.sum(), rel=1e-9)
    new = features(30, width, seed=1)
    np.testing.assert_allclose(np.abs(projection.apply(new)[:, :20]), np.abs(pca.transform(new)[:, :20]), atol=1e-4)


@pytest.mark.parametrize(("count", "width"), [(400, 90), (80, 200)])
def test_basis_is_orthonormal_with_positive_largest_components(count: int, width: int) -> None:
    basis = Projection.fit(features(count, width)).basis
    np.testing.assert_allclose(basis.T @ basis, np.eye(64), atol=1e-8)
    assert (basis[np.abs(basis).argmax(axis=0), np.arange(64)] > 0).all()


def test_same_features_same_hash_and_coordinates() -> None:
    x = features(200, 80)
    first, second = Projection.fit(x), Projection.fit(x.copy())
    assert first.hash == second.hash != Projection.fit(x[1:]).hash
    np.testing.assert_array_equal(first.apply(x), second.apply(x))
    assert first.apply(x).dtype == np.float32


def test_few_dimensions_or_images_give_fewer_directions() -> None:
    assert Projection.fit(features(200, 10)).dimension == 10
    assert Projection.fit(features(20, 100)).dimension == 19
    assert Projection.fit(features(1, 100)).apply(features(5, 100)).shape == (5, 0)
    assert Projection.fit(np.ones((50, 8), np.float32)).dimension == 0


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="training features"):
        Projection.fit(np.zeros((0, 5), np.float32))
    with pytest.raises(ValueError, match=r"float\[n, 10\]"):
        Projection.fit(features(50, 10)).apply(features(5, 11))
