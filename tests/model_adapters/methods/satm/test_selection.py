"""Chosen real images: of the right class, and herding against a search over everything."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from model_adapters.methods.satm.selection import herded, selected

IMAGES = np.random.default_rng(0).normal(size=(20, 1, 3, 3)).astype(np.float32)
TARGETS = np.arange(20) % 2


def test_each_class_has_as_many_and_none_twice() -> None:
    for kind in ("random", "herding"):
        rows = selected(IMAGES, TARGETS, 2, 4, kind, 0)
        assert TARGETS[rows].tolist() == [0] * 4 + [1] * 4 and len(set(rows.tolist())) == 8
        assert np.array_equal(rows, selected(IMAGES, TARGETS, 2, 4, kind, 0))
    assert not np.array_equal(
        selected(IMAGES, TARGETS, 2, 4, "random", 0), selected(IMAGES, TARGETS, 2, 4, "random", 1)
    )


def test_herding_is_greedy_towards_the_mean() -> None:
    vectors = IMAGES.reshape(20, -1)
    mean = vectors.astype(np.float64).mean(axis=0)

    def far(rows: tuple[int, ...] | list[int]) -> float:
        return float(np.linalg.norm(vectors[list(rows)].astype(np.float64).mean(axis=0) - mean))

    chosen = herded(vectors, 4).tolist()
    for count in range(1, 5):
        before = chosen[: count - 1]
        best = min(far([*before, row]) for row in range(20) if row not in before)
        assert np.isclose(far(chosen[:count]), best)
    best, middle = np.quantile([far(rows) for rows in combinations(range(20), 4)], [0.0, 0.5])
    assert best <= far(chosen) < middle
    assert far(herded(vectors, 20).tolist()) < 1e-6
