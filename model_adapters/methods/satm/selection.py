"""Real images of each class: the start of every condensation, and the two baselines that learn nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_adapters.inference.seeds import derive_seed


def selected(
    images: NDArray[np.float32], targets: NDArray[np.int64], classes: int, each: int, kind: str, seed: int
) -> NDArray[np.int64]:
    """Rows of `each` images of every class, class after class.

    Args:
        images: float32[n, ...]. kind: "random", or "herding" on the images as they are.
    """
    found = []
    for number in range(classes):
        rows = np.flatnonzero(targets == number)
        if kind == "herding":
            found.append(rows[herded(images[rows].reshape(len(rows), -1), each)])
        else:
            rng = np.random.default_rng(derive_seed(seed, f"class {number}", purpose="satm selection"))
            found.append(np.sort(rng.permutation(rows)[:each]))
    return np.concatenate(found).astype(np.int64)


def herded(vectors: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Kernel herding (Welling 2009), each vector once: the k-th brings the mean of k closest to the mean of all.

    Args:
        vectors: float32[n, d].
    """
    points = vectors.astype(np.float64)
    mean, total = points.mean(axis=0), np.zeros(points.shape[1])
    free = np.ones(len(points), bool)
    chosen: list[int] = []
    for step in range(1, count + 1):
        distance = ((mean - (total + points) / step) ** 2).sum(axis=1)
        row = int(np.argmin(np.where(free, distance, np.inf)))
        chosen.append(row)
        free[row] = False
        total += points[row]
    return np.array(chosen, np.int64)
