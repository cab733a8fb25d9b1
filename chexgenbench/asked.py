"""From images drawn for known cases to one number a prompt."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Asked, Measurement, MetricInput
from chexgenbench.metrics.units import codes

Reduce = Literal["mean", "min", "max", "last"]


def by_prompt(asked: Asked, values: NDArray[np.float64], reduce: Reduce) -> NDArray[np.float64]:
    """One number a prompt from one a generated image: float64[n] -> float64[prompts], in the order of `real`.

    Args:
        values: of the images, as they stand in `asked`. reduce: over the draws of a prompt; "last" is the last draw's.
    """
    order = np.lexsort((asked.draw, asked.target))
    ordered = np.asarray(values, np.float64)[order]
    starts = np.flatnonzero(np.diff(asked.target[order], prepend=-1))
    if not len(ordered):
        return ordered
    if reduce == "mean":
        result: NDArray[np.float64] = np.add.reduceat(ordered, starts) / np.diff(np.append(starts, len(ordered)))
        return result
    if reduce == "last":
        return ordered[np.append(starts[1:], len(ordered)) - 1]
    best: NDArray[np.float64] = (np.minimum if reduce == "min" else np.maximum).reduceat(ordered, starts)
    return best


def prompt_clusters(asked: Asked) -> NDArray[np.int64]:
    """The patient of each prompt, as `by_prompt` orders them: int64[prompts]."""
    return codes(asked.real.patients[np.unique(asked.target)])


def draws_of(asked: Asked) -> int:
    """The smallest number of draws of a prompt; 0 without any."""
    return int(np.unique(asked.target, return_counts=True)[1].min()) if len(asked) else 0


def gaps(asked: Asked) -> NDArray[np.float64]:
    """||generated - real|| / sqrt(d) of each generated image and the real image of its prompt: float64[n]."""
    features, real = asked.images.features, asked.real.features
    result = np.empty(len(asked))
    for start in range(0, len(asked), 1024):
        rows = slice(start, start + 1024)
        gap = features[rows].astype(np.float64) - real[asked.target[rows]]
        result[rows] = np.sqrt((gap * gap).mean(axis=1))
    return result


def prompt_distances(data: MetricInput, scale: float) -> Measurement:
    """Mean and smallest gap of each training prompt, and of each held-out one where there are any.

    Args:
        scale: of the numbers. Estimator: `prompt_distances`.
    """
    assert data.probes is not None
    arrays: dict[str, NDArray[Any]] = {}
    for prefix, asked in (("", data.probes), ("controls_", data.controls)):
        if asked is not None:
            each = gaps(asked)
            arrays[f"{prefix}values"] = by_prompt(asked, each, "mean")
            arrays[f"{prefix}minimum"] = by_prompt(asked, each, "min")
            arrays[f"{prefix}cluster"] = prompt_clusters(asked)
    return Measurement(
        arrays, {"seed": data.seed, "scale": scale}, n_generated=len(data.probes), n_reference=len(data.probes.real)
    )
