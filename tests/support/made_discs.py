"""Images of a bright disc on a noisy ground, whose mask is known: a segmentation task that is learnt in a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Asked, MetricInput, Side
from data_splits.case import Case
from model_adapters.predictors.unet import SegmentationRecipe

SIDE = 32
QUICK = SegmentationRecipe(side=SIDE, width=8, least_steps=70, most_steps=70)
HASTY = SegmentationRecipe(side=SIDE, width=4, least_steps=4, most_steps=4)
"""Learns nothing: for tests that do not look at how well something is learnt."""

STRUCTURES = ("disc", "ring")

Images = NDArray[np.float64]


def discs(n: int, seed: int) -> tuple[Images, NDArray[np.bool_]]:
    """float64[n, SIDE, SIDE] in [0, 1] and bool[n, 2, SIDE, SIDE]: a disc, and a ring around it."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((SIDE, SIDE))
    centre, radius = rng.uniform(8, SIDE - 8, (n, 2)), rng.uniform(5, 7, n)
    away = np.sqrt((y - centre[:, :1, None]) ** 2 + (x - centre[:, 1:, None]) ** 2)
    disc = away < radius[:, None, None]
    ring = (away < radius[:, None, None] + 4) & ~disc
    images = 0.3 + 0.5 * disc + 0.25 * ring + 0.05 * rng.normal(size=disc.shape)
    return np.clip(images, 0, 1), np.stack([disc, ring], axis=1)


def side(images: Images, prefix: str, offset: int = 0) -> Side:
    """A side of the encoder grey64 at SIDE pixels; two images a patient."""
    cases = tuple(Case(id=f"{prefix}{row:04d}", patient=f"{prefix}p{row // 2:04d}") for row in range(len(images)))
    return Side(
        images.reshape(len(images), -1).astype(np.float32),
        np.array([case.patient for case in cases]),
        np.array([case.id for case in cases]),
        np.arange(len(cases)) + offset,
        None,
        cases,
    )


def metric_input(
    synthesise: Callable[[Images], Images] = lambda images: images,
    n: int = 40,
    test: int = 60,
    names: Callable[[str], tuple[str, ...]] = lambda case: STRUCTURES,
    **more: Any,
) -> MetricInput:
    """Test images, images for a teacher, and synthetic ones made from the real ones of the training cases."""
    parts = {"t": discs(test, 1), "f": discs(n, 2), "s": discs(n, 3)}
    masks = {f"{prefix}{row:04d}": found for prefix, (_, part) in parts.items() for row, found in enumerate(part)}

    def read(case: Case) -> Mapping[str, NDArray[np.bool_]]:
        return {name: masks[case.id][STRUCTURES.index(name)] for name in names(case.id)}

    reference, train, real = (side(parts[prefix][0], prefix) for prefix in ("t", "f", "s"))
    made = side(synthesise(parts["s"][0]), "s")
    asked = Asked(made, np.zeros(n, np.int64), real, np.arange(n))
    return MetricInput(made, reference, "grey64", 7, train=train, synthetic=asked, masks=read, **more)
