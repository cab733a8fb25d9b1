from __future__ import annotations

import numpy as np

from chexgenbench.cells import Cells

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def clouds(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    of = rng.integers(0, 3, n)
    return (CENTRES[of] + rng.normal(size=(n, 2))).astype(np.float32), of


def test_clouds_are_found_and_images_fall_into_theirs() -> None:
    features, of = clouds(300)
    cells = Cells.fit(features, 3)
    found = cells.of(features)
    assert all(len(np.unique(found[of == cloud])) == 1 for cloud in range(3)) and len(np.unique(found)) == 3
    for cell in range(3):
        assert np.allclose(cells.centres[cell], features[found == cell].mean(axis=0, dtype=np.float64))


def test_no_worse_than_scikit_learn() -> None:
    from sklearn.cluster import KMeans

    features = np.random.default_rng(1).normal(size=(400, 6)).astype(np.float32)
    cells = Cells.fit(features, 4)
    inertia = ((features - cells.centres[cells.of(features)]) ** 2).sum()
    assert inertia <= 1.05 * KMeans(4, n_init=10, random_state=0).fit(features).inertia_


def test_same_features_same_cells_and_few_distinct_ones_fewer_cells() -> None:
    features, _ = clouds(100, 2)
    assert np.array_equal(Cells.fit(features, 3).centres, Cells.fit(features.copy(), 3).centres)
    assert len(Cells.fit(np.ones((9, 2), np.float32), 5).centres) == 1
