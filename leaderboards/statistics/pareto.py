"""Which models are not beaten on every axis at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pareto_front(scores: ArrayLike) -> NDArray[np.bool_]:
    """bool[models]: True for a model that no other one equals or beats on every axis and beats on one.

    Args:
        scores: float[models, axes], higher is better on every axis.

    Raises:
        ValueError: not a table of finite numbers.
    """
    table = np.asarray(scores, np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError("a Pareto front needs a table of finite scores, models by axes")
    at_least = (table[:, None, :] >= table[None, :, :]).all(axis=2)
    above = (table[:, None, :] > table[None, :, :]).any(axis=2)
    return np.logical_not(np.any(at_least & above, axis=0))
