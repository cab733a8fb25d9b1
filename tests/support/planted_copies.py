"""Made-up training sets, held-out patients and a generator that copies a known share of its training images."""

from __future__ import annotations

import numpy as np
from made_features import side
from numpy.typing import NDArray

from chexgenbench.metrics.base import Asked, MetricInput, Side
from chexgenbench.projection import Projection

D = 48
LOADINGS = np.random.default_rng(3).normal(size=(16, D)) / 4.0

Features = NDArray[np.float32]


def images(n: int, rng: np.random.Generator) -> Features:
    """One image each of n patients: 16 factors and a little noise, in dimensions of unequal scale."""
    return _seen(rng.normal(size=(n, 16)), rng)


def _seen(factors: NDArray[np.float64], rng: np.random.Generator) -> Features:
    plain = factors @ LOADINGS + 0.3 * rng.normal(size=(len(factors), D))
    return (plain * np.linspace(0.5, 3.0, D) + 2.0).astype(np.float32)


def asked(real: Side, draws: int, copied: NDArray[np.bool_], rng: np.random.Generator, noise: float = 0.0) -> Asked:
    """Draws for each real image: the image itself (plus noise) where `copied`, bool[draws, n]; else a new patient's."""
    fresh = images(draws * len(real), rng)
    target = np.tile(np.arange(len(real)), draws)
    exact = real.features[target] + noise * rng.normal(size=fresh.shape).astype(np.float32)
    features = np.where(copied.reshape(-1)[:, None], exact, fresh)
    drawn = Side(features.astype(np.float32), real.patients[target], real.ids[target], np.arange(len(target)), None)
    return Asked(drawn, np.repeat(np.arange(draws), len(real)), real, target)


def planted(
    share: float,
    seed: int = 0,
    *,
    prompts: int = 60,
    draws: int = 4,
    held_out: int = 200,
    corpus: int = 500,
    noise: float = 0.0,
    by_patient: bool = False,
    private: bool = False,
) -> MetricInput:
    """A run in which each draw for a training prompt is a copy of that training image with probability `share`.

    Args:
        by_patient: all draws of a patient are copies, or none.
        private: a credentialed split.
    """
    rng = np.random.default_rng([17, seed])

    # Two images a patient in the corpus and in the held-out set, alike in four fifths of the patient's factors.
    def patients(n: int, prefix: str) -> Side:
        first, change = rng.normal(size=(2, (n + 1) // 2, 16))
        both = np.stack([first, 0.8 * first + 0.6 * change], axis=1).reshape(-1, 16)[:n]
        return side(_seen(both, rng), np.arange(n) // 2, source=None, prefix=prefix)

    training, reference = patients(corpus, "t"), patients(held_out, "h")
    probed, control = training.take(np.arange(prompts) * 2), reference.take(np.arange(min(prompts, held_out // 2)) * 2)
    flags = rng.random((1 if by_patient else draws, prompts)) < share
    copied = np.broadcast_to(flags, (draws, prompts))
    none = np.zeros((draws, len(control)), bool)
    fit = side(images(150, rng), prefix="f")
    return MetricInput(
        generated=side(images(held_out, rng), np.arange(held_out) // 2, prefix="h", source="enc.generated"),
        reference=reference,
        encoder="enc",
        seed=5,
        train=fit,
        projection=Projection.fit(fit.features),
        corpus=training,
        probes=asked(probed, draws, copied, rng, noise),
        controls=asked(control, draws, none, rng),
        share_reference=not private,
    )
