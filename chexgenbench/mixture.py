"""An isotropic Gaussian around every image, with widths fitted to other images: the density behind FLD."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.kernel_tiles import Float, spans, squared_distances

ITERATIONS = 200
TOLERANCE = 1e-7
"""Stop when an iteration gains less than this many nats per image and dimension."""

SHRINK = 0.9
"""The base density measures distances from the mean as if they were this much smaller."""

LOG_VARIANCE = (-20.0, 20.0)
"""Widths are kept within these: a Gaussian of variance e^-20 (in standardised features) sits on an exact copy."""

ROWS = 256


@dataclass(frozen=True)
class Mixture:
    """p(x) = (1/m) sum_j N(x; centre_j, variance_j I).

    Attributes:
        centres: float64[m, d]. log_variance: float64[m].
    """

    centres: Float
    log_variance: Float

    @classmethod
    def fit(cls, centres: NDArray[Any], images: NDArray[Any]) -> Mixture:
        """Widths that maximise the likelihood of `images`, to which a broad base density is added while fitting.

        The objective is that of Jiralerspong et al. 2023 (section 3): sum_i log(p(x_i) + N(x_i; mean, base I)), where
        the base keeps an outlier from widening the Gaussians near it. Here it is climbed by expectation-maximisation
        from the published start, the distance to the nearest image, which is deterministic and never overshoots.

        Args:
            centres: [m, d]. images: [n, d]. Distances are held: 4 n m bytes.
        """
        centres, images = np.asarray(centres, np.float64), np.asarray(images, np.float64)
        dim = centres.shape[1]
        distances = np.empty((len(images), len(centres)), np.float32)
        with one_thread():
            for rows in spans(len(images), ROWS):
                distances[rows] = _exact_if_close(images[rows], centres)
        base = SHRINK**2 * ((images - images.mean(axis=0)) ** 2).sum(axis=1)
        log_variance = _clamp(np.log((distances.min(axis=0).astype(np.float64) + 1e-3) / dim))
        log_base = float(_clamp(np.log(np.array([max(base.mean(), 1e-12) / dim])))[0])
        before = -np.inf
        for _ in range(ITERATIONS):
            objective, log_variance, log_base = _step(distances, base, log_variance, log_base, dim)
            if objective - before < TOLERANCE:
                break
            before = objective
        return cls(centres, log_variance)

    def log_density(self, images: NDArray[Any]) -> Float:
        """log p(x) in nats: float64[n]."""
        images = np.asarray(images, np.float64)
        result = np.empty(len(images))
        with one_thread():
            for rows in spans(len(images), ROWS):
                distances = _exact_if_close(images[rows], self.centres)
                result[rows] = _logsumexp(_log_gauss(distances, self.log_variance, images.shape[1]), 1)
        return result - np.log(len(self.centres))


def _step(
    distances: NDArray[np.float32], base: Float, log_variance: Float, log_base: float, dim: int
) -> tuple[float, Float, float]:
    """One step of expectation-maximisation: the objective before it, per image and dimension, and the new widths."""
    m = len(log_variance)
    top, mass, spread = np.full(m, -np.inf), np.zeros(m), np.zeros(m)
    total, base_mass, base_spread = 0.0, 0.0, 0.0
    for rows in spans(len(distances), ROWS):
        near = distances[rows].astype(np.float64)
        part = _log_gauss(near, log_variance, dim) - np.log(m)
        other = _log_gauss(base[rows], np.array(log_base), dim)
        whole = np.logaddexp(_logsumexp(part, 1), other)
        total += float(whole.sum())
        share = np.exp(other - whole)
        base_mass, base_spread = base_mass + float(share.sum()), base_spread + float(share @ base[rows])
        # Logarithms of responsibilities, so that a Gaussian far from every image still moves towards the nearest.
        part -= whole[:, None]
        new_top = np.maximum(top, part.max(axis=0))
        keep, weight = np.exp(top - new_top), np.exp(part - new_top)
        mass = mass * keep + weight.sum(axis=0)
        spread = spread * keep + (weight * near).sum(axis=0)
        top = new_top
    with np.errstate(divide="ignore"):
        updated = _clamp(np.log(spread / mass / dim))
        if base_mass > 0.0 and base_spread > 0.0:
            log_base = float(_clamp(np.log(np.array([base_spread / base_mass / dim])))[0])
    return total / (len(distances) * dim), updated, log_base


def _clamp(log_variance: Float) -> Float:
    return np.clip(log_variance, *LOG_VARIANCE)


def _log_gauss(squared: Float, log_variance: Float, dim: int) -> Float:
    return -0.5 * (squared / np.exp(log_variance) + dim * (log_variance + np.log(2.0 * np.pi)))


def _logsumexp(values: Float, axis: int) -> Float:
    top = values.max(axis=axis, keepdims=True)
    return (np.log(np.exp(values - top).sum(axis=axis, keepdims=True)) + top).squeeze(axis)


def _exact_if_close(x: Float, y: Float) -> Float:
    """Squared distances; those that the expanded square cannot tell from 0 are taken from the differences."""
    result = squared_distances(x, y)
    scale = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)
    for i, j in _pairs(result < 1e-10 * scale):
        result[i, j] = ((x[i] - y[j]) ** 2).sum()
    return result


def _pairs(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    yield from zip(*(each.tolist() for each in np.nonzero(mask)), strict=True)
