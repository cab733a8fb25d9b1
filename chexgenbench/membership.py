"""Membership inference: how closely a generator, given a real image's prompt, draws that very image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Asked, MetricInput
from chexgenbench.metrics.units import codes
from chexgenbench.search import search
from chexgenbench.training_neighbours import distances, near_others

Float = NDArray[np.float64]
Int = NDArray[np.int64]


def closeness(own: Float, others: Float) -> Float:
    """(others - own) / (others + own): 1 if `own` is 0, 0 if both are equal, towards -1 if `own` is larger."""
    total = others + own
    return np.divide(others - own, total, out=np.zeros_like(total), where=total > 0)


def drawn_for(asked: Asked) -> Int:
    """Rows of `asked.real` for which there is a draw."""
    return np.unique(asked.target)


def attack_scores(data: MetricInput, asked: Asked) -> Float:
    """float64[patients], in the order of `drawn_for`: how much nearer than any other patient the best draw comes.

    `closeness` of the distance from the real image to the nearest of its own draws, against its distance to the nearest
    training image of another patient. The latter calibrates: in a dense region small distances mean nothing.
    """
    own = np.full(len(asked.real), np.inf)
    np.minimum.at(own, asked.target, distances(asked.images, asked.real.take(asked.target)))
    rows = drawn_for(asked)
    return closeness(own[rows], near_others(data, asked.real.take(rows)))


def any_image_scores(data: MetricInput, asked: Asked) -> Float:
    """As `attack_scores`, with the nearest of all generated images, whatever they were drawn for: no prompt needed."""
    assert data.probes is not None and data.controls is not None
    real = asked.real.take(drawn_for(asked))
    pool = (each.features for each in (data.generated, data.probes.images, data.controls.images))
    found = search(real.features, pool, 1)
    return closeness(found.distance[:, 0], near_others(data, real))


def members_and_controls(data: MetricInput) -> Mapping[str, NDArray[Any]]:
    """Arrays of the `auroc` estimator."""
    assert data.probes is not None and data.controls is not None
    arrays: dict[str, NDArray[Any]] = {}
    for name, asked in (("members", data.probes), ("controls", data.controls)):
        arrays[name] = attack_scores(data, asked)
        arrays[f"any_{name}"] = any_image_scores(data, asked)
        arrays[f"{name}_cluster"] = codes(asked.real.patients[drawn_for(asked)])
    return arrays
