"""Whether a chain has settled, and how many examples are left of a weighted set."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def effective_examples(weights: Float) -> float:
    """Kish's effective sample size (sum w)^2 / sum w^2: n equal weights count n, one alone 1, none 0."""
    total = float((weights**2).sum())
    return float(weights.sum() ** 2 / total) if total > 0.0 else 0.0


def chain_size(samples: Float) -> float:
    """Independent draws that a correlated series is worth: n / (1 + 2 sum of autocorrelations).

    The sum runs over Geyer's initial monotone sequence (Statistical Science 1992): pairs of neighbouring lags, as long
    as their sum is positive, each at most the one before. A constant series counts 1; at most n is told.

    Args:
        samples: float64[n].
    """
    n = len(samples)
    centred = samples - samples.mean() if n else samples
    variance = float(centred @ centred) / n if n else 0.0
    if n < 4 or variance <= 1e-24 * max(1.0, float(np.abs(samples).max()) ** 2):
        return float(min(n, 1))
    padded = np.fft.rfft(centred, 2 * n)
    correlation = np.fft.irfft(padded * np.conj(padded), 2 * n)[:n] / (n * variance)
    pairs = correlation[: n - n % 2].reshape(-1, 2).sum(axis=1)
    falling = np.minimum.accumulate(pairs)
    cut = np.flatnonzero(falling <= 0.0)
    total = 2.0 * float(falling[: cut[0] if len(cut) else len(falling)].sum()) - 1.0
    return float(np.clip(n / max(total, 1.0 / n), 1.0, n))


def drift(samples: Float) -> float:
    """Geweke's comparison: (mean of the last half - mean of the first tenth) / standard error, about N(0, 1) at rest.

    Standard errors by `chain_size`; 0 for a series too short or constant.
    """
    n = len(samples)
    first, last = samples[: max(2, n // 10)], samples[n // 2 :]
    if n < 20:
        return 0.0
    spread = float(first.var(ddof=1) / chain_size(first) + last.var(ddof=1) / chain_size(last))
    return float((last.mean() - first.mean()) / np.sqrt(spread)) if spread > 0.0 else 0.0


def summary(
    weights: Float, deviations: Float, trace: Float, columns: tuple[str, ...], burn_in: float
) -> dict[str, Any]:
    """What a record says of a fit.

    Args:
        weights, deviations: float64[n]. trace: float64[k, columns], the first of them the step. burn_in: share of the
            rows that are left out.
    """
    settled = trace[int(np.ceil(burn_in * len(trace))) :]
    chain = {
        name: {
            "mean": float(settled[:, column].mean()),
            "deviation": float(settled[:, column].std()),
            "independent_draws": chain_size(settled[:, column]),
            "drift": drift(settled[:, column]),
        }
        for column, name in enumerate(columns)
        if column and len(settled)
    }
    return {
        "examples": len(weights),
        "effective_examples": effective_examples(weights),
        "mean_weight": float(weights.mean()),
        "mean_deviation": float(deviations.mean()),
        "deciles": [float(each) for each in np.quantile(weights, np.linspace(0.0, 1.0, 11))],
        "chain": chain,
    }
