"""A linear map from image features to prompt embeddings, fitted on real training pairs.

What makes a general image encoder and a general text encoder comparable offline. Ridge regression of the centred
prompt embedding on the standardised feature; the penalty is the one with the highest cosine on held-out patients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.blocks import patient_blocks

Float = NDArray[np.float64]

PENALTIES = (300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0, 100_000.0)
"""Candidates, of the sum of squared errors + penalty * |weight|^2 over standardised features."""

FOLDS = 5
MIN_IMAGES, MIN_PATIENTS = 50, 20
"""Fewer training pairs, or patients behind them, give no head."""


@dataclass(frozen=True)
class PromptHead:
    """prompt direction = ((feature - mean) / scale) @ weight.

    Attributes:
        mean, scale: float64[d]. weight: float64[d, t]. centre: float64[t], the mean embedding of training prompts.
        penalty: the chosen one. cosine: its mean cosine on held-out training patients.
    """

    mean: Float
    scale: Float
    weight: Float
    centre: Float
    penalty: float
    cosine: float

    @classmethod
    def fit(
        cls, features: NDArray[np.float32], texts: NDArray[np.float32], patients: NDArray[np.str_]
    ) -> PromptHead | str:
        """Fit on training pairs.

        Args:
            features: float32[n, d]. texts: float32[n, t]. patients: str[n]; folds are of whole patients.

        Returns:
            The head, or the reason why there is none.

        Cost: O(folds min(n, d)^3 + n d t), memory O(n d).
        """
        people = len(np.unique(patients))
        if len(features) < MIN_IMAGES or people < MIN_PATIENTS:
            return (
                f"{len(features)} training pairs of {people} patients; a head from image to prompt needs "
                f"{MIN_IMAGES} of {MIN_PATIENTS}"
            )
        x, t = features.astype(np.float64), texts.astype(np.float64)
        with one_thread():
            cosines = np.zeros(len(PENALTIES))
            fold = patient_blocks(patients, FOLDS)
            for held in (fold == each for each in np.unique(fold)):
                mean, scale, centre = _standard(x[~held], t[~held])
                ridge = _Ridge((x[~held] - mean) / scale, t[~held] - centre)
                target = unit(t[held] - centre)
                for index, weight in enumerate(ridge.path(PENALTIES)):
                    cosines[index] += float((unit((x[held] - mean) / scale @ weight) * target).sum())
            cosines /= len(x)
            best = int(np.argmax(cosines))
            mean, scale, centre = _standard(x, t)
            weight = next(_Ridge((x - mean) / scale, t - centre).path(PENALTIES[best : best + 1]))
        return cls(mean, scale, weight, centre, PENALTIES[best], float(cosines[best]))

    def directions(self, features: NDArray[np.float32]) -> Float:
        """Unit prompt directions of images: float64[n, t]."""
        with one_thread():
            return unit((features.astype(np.float64) - self.mean) / self.scale @ self.weight)

    def targets(self, texts: NDArray[np.float32]) -> Float:
        """Unit centred embeddings of prompts: float64[n, t]."""
        return unit(texts.astype(np.float64) - self.centre)


def unit(rows: Float) -> Float:
    """Rows divided by their L2 norm; a row of zeros stays one."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norm, out=np.zeros_like(rows), where=norm > 0)


def _standard(x: Float, t: Float) -> tuple[Float, Float, Float]:
    scale = x.std(axis=0)
    return x.mean(axis=0), np.where(scale > 1e-12, scale, 1.0), t.mean(axis=0)


class _Ridge:
    """Ridge regression for many penalties from one eigendecomposition of the smaller Gram matrix."""

    def __init__(self, z: Float, c: Float) -> None:
        self.z, self.dual = z, z.shape[0] <= z.shape[1]
        gram = z @ z.T if self.dual else z.T @ z
        self.values, self.vectors = np.linalg.eigh(gram)
        self.turned = self.vectors.T @ (c if self.dual else z.T @ c)

    def path(self, penalties: tuple[float, ...]) -> Iterator[Float]:
        """float64[d, t] for each penalty."""
        for penalty in penalties:
            solved = self.vectors @ (self.turned / (np.maximum(self.values, 0.0) + penalty)[:, None])
            yield self.z.T @ solved if self.dual else solved
