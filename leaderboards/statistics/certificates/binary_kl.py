"""Relative entropy of two coins, and its inverse, which turns an empirical risk into an upper bound on the true one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboards.statistics.certificates.arguments import require

Float = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
MOST_STEPS = 100
"""Newton needs 6 steps in ordinary cases and fewer than 40 in the worst that tests found (a tiny q)."""
LEAST_RISK = 1e-290
"""Smaller positive risks are raised to this one before the inverse: their quotients would overflow."""


def binary_kl(q: ArrayLike, p: ArrayLike) -> Float:
    """kl(q || p) = q ln(q / p) + (1 - q) ln((1 - q) / (1 - p)) in nats; infinite where p excludes what q allows.

    Accurate to rounding also where q and p are close, where the textbook form cancels.

    Args:
        q, p: in [0, 1], any shapes that broadcast.

    Raises:
        ValueError: a number outside [0, 1].
    """
    first, second = np.broadcast_arrays(np.asarray(q, np.float64), np.asarray(p, np.float64))
    for name, values in (("q", first), ("p", second)):
        require(name, values, (values >= 0) & (values <= 1), "in [0, 1]")
    return _kl(first, second)


def kl_inverse(q: ArrayLike, c: ArrayLike) -> Float:
    """sup {p in [q, 1]: kl(q || p) <= c}: the largest true risk that an empirical risk q allows at c nats a case.

    Never below the root, and for c in [10^-5, 10] above it by 10^-11 of the gap p - q at most (tests compare with 60
    digits; below c = 10^-9 by 10^-6 of it).

    Newton's method from the smaller of two points above the root, q + sqrt(c / 2) (Pinsker) and
    1 - exp(-(c + H(q)) / (1 - q)) (from kl >= -H(q) + (1 - q) ln(1 / (1 - p))): kl is convex and increasing right of q,
    so every step stays above, up to rounding, which a last step takes back.

    Args:
        q: in [0, 1]. c: nats, at least 0 (infinity allowed). Any shapes that broadcast.

    Raises:
        ValueError: q outside [0, 1], or c negative or NaN.
    """
    risk, nats = np.broadcast_arrays(np.asarray(q, np.float64), np.asarray(c, np.float64))
    require("q", risk, (risk >= 0) & (risk <= 1), "in [0, 1]")
    require("c", nats, nats >= 0, "at least 0 nats")
    risk = np.where((risk > 0) & (risk < LEAST_RISK), LEAST_RISK, risk)
    p = np.ones(risk.shape)
    p[nats == 0] = risk[nats == 0]
    at_zero = (risk == 0) & (nats > 0)
    p[at_zero] = np.minimum(-np.expm1(-nats[at_zero]) * (1 + 4 * EPS), 1.0)
    inner = (risk > 0) & (risk < 1) & (nats > 0) & np.isfinite(nats)
    if inner.any():
        p[inner] = _newton(risk[inner], nats[inner])
    return p


def _newton(q: Float, c: Float) -> Float:
    """The inverse for 0 < q < 1 and 0 < c < infinity; one-dimensional arrays."""
    entropy = -(q * np.log(q) + (1 - q) * np.log1p(-q))
    p = np.minimum(q + np.sqrt(c / 2), -np.expm1(-(c + entropy) / (1 - q)))
    p = np.minimum(np.maximum(p * (1 + 4 * EPS), np.nextafter(q, 1.0)), 1.0)
    for _ in range(MOST_STEPS):
        step = np.where(p < 1, (_kl(q, p) - c) / _slope(q, p), 0.0)
        # A step up is rounding: this point is the root already.
        moved = np.maximum(p - np.maximum(step, 0.0), np.nextafter(q, 1.0))
        if (p - moved <= 2 * EPS * p).all():
            break
        p = moved
    # What rounding may have taken: the error of kl, turned into one of p by the slope (a tangent right of q
    # overestimates the root of a convex function), and two units in the last place of p.
    error = 8 * EPS * (c + np.abs(q - p) + EPS)
    lift = np.where(p < 1, np.maximum(c - _kl(q, p) + error, 0.0) / _slope(q, p), 0.0)
    return np.minimum((p + lift) * (1 + 2 * EPS), 1.0)


def _slope(q: Float, p: Float) -> Float:
    """d kl(q || p) / dp = (p - q) / (p (1 - p)); 1 where p = 1, which is never used."""
    inside = p < 1
    return np.divide(p - q, p * (1 - p), out=np.ones_like(p), where=inside)


def _kl(q: Float, p: Float) -> Float:
    """q h((p - q) / q) + (1 - q) h((q - p) / (1 - q)) with h(x) = x - ln(1 + x): both terms are at least 0."""
    gap = p - q
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = np.where(q > 0, q * _h(gap / np.where(q > 0, q, 1.0)), gap)
        right = np.where(q < 1, (1 - q) * _h(-gap / np.where(q < 1, 1 - q, 1.0)), -gap)
    return np.asarray(np.maximum(left + right, 0.0))


def _h(x: Float) -> Float:
    """x - ln(1 + x) for x >= -1, without cancellation near 0."""
    # With y = x / (2 + x): ln(1 + x) = 2 (y + y^3/3 + y^5/5 + ...) and x - 2 y = x y.
    y = np.where(np.abs(x) < 0.2, x / (2 + x), 0.0)
    square = y * y
    tail = np.zeros_like(y)
    for power in range(19, 1, -2):
        tail = tail * square + 1.0 / power
    series = np.where(np.abs(x) < 0.2, x, 0.0) * y - 2 * y * square * tail
    return np.where(np.abs(x) < 0.2, series, x - np.log1p(x))
