"""KL between Gaussian posterior and prior over merge coefficients."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from leaderboards.statistics.certificates.union import index_nats


def gaussian_kl(mean: ArrayLike, scale: ArrayLike, prior_mean: ArrayLike, prior_scale: ArrayLike) -> float:
    """KL(N(mq, sq^2) || N(mp, sp^2)) = sum [ln(sp/sq) + (sq^2 + (mq - mp)^2) / (2 sp^2) - 1/2] nats, diagonal.

    Equal scales s leave |mq - mp|^2 / (2 s^2).

    Args:
        mean, scale: of the posterior, shape (d,) or scalar scales. prior_mean, prior_scale: of the prior.

    Raises:
        ValueError: a scale that is not positive, or a number that is not finite.
    """
    mq, sq, mp, sp = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(each, np.float64)) for each in (mean, scale, prior_mean, prior_scale))
    )
    if not all(np.isfinite(each).all() for each in (mq, sq, mp, sp)) or sq.min() <= 0 or sp.min() <= 0:
        raise ValueError("means must be finite and scales positive")
    ratio = (sq / sp) ** 2
    # ratio - 1 - ln ratio without cancellation where the scales are nearly equal.
    spread = (ratio - 1) - np.log1p(ratio - 1)
    return float(np.maximum(0.5 * (spread + ((mq - mp) / sp) ** 2).sum(), 0.0))


def isotropic_kl(dimensions: int, squared_distance: float, scale: float, prior_scale: float) -> float:
    """`gaussian_kl` of isotropic Gaussians from what a record can store: d, |mq - mp|^2, sq and sp.

    Raises:
        ValueError: no dimension, a negative distance, or a scale that is not positive.
    """
    if dimensions < 1 or not squared_distance >= 0:
        raise ValueError(f"{dimensions} dimensions at squared distance {squared_distance}")
    centre = np.zeros(1)
    alone = gaussian_kl(centre, scale, centre, prior_scale)
    return dimensions * alone + squared_distance / (2 * prior_scale**2)


def prior_scale(index: int, largest: float = 1.0, precision: float = 10.0) -> float:
    """s_p with s_p^2 = c exp(-j / b), j = 1, 2, 3, ...: the grid of prior scales that may be chosen on the sample.

    Choosing j costs `index_nats(j)`, that is delta_j = 6 delta / (pi^2 j^2) (Langford and Caruana 2001).

    Args:
        index: j. largest: c. precision: b.

    Raises:
        ValueError: an index below 1.
    """
    index_nats(index)
    return math.sqrt(largest * math.exp(-index / precision))
