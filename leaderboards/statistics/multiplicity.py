"""Adjusted p-values for several tests at once: reject those at or below the wanted rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


def holm(p_values: ArrayLike) -> Float:
    """Holm's step-down adjustment (1979): bounds the chance of any false rejection, under any dependence.

    Args:
        p_values: float[m], each in [0, 1].

    Returns:
        float64[m], adjusted p-values in the order given.

    Raises:
        ValueError: not a list of numbers in [0, 1].
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return _restored(stepped, order)


def benjamini_hochberg(p_values: ArrayLike) -> Float:
    """Benjamini and Hochberg's step-up adjustment (1995): bounds the expected share of false rejections.

    Valid for independent or positively dependent tests. Arguments, result and errors as for `holm`.
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    stepped = np.minimum.accumulate(scaled[::-1])[::-1]
    return _restored(stepped, order)


def _checked(p_values: ArrayLike) -> Float:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values must be a list of numbers from 0 to 1")
    return p


def _restored(adjusted: Float, order: NDArray[np.intp]) -> Float:
    result = np.empty_like(adjusted)
    result[order] = np.minimum(adjusted, 1.0)
    return result
