"""How alike two images are to a re-identification encoder, and what it is worth on real pairs of the split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chexgenbench.copies import content_key
from chexgenbench.metrics.base import Asked, MetricInput, PairHead, Side

FALSE_POSITIVES = 0.01
"""Rate at which prompts whose draws show other patients are called recognised."""

ROUNDS = 4
"""Sets of other patients' images that each patient is compared with."""

REPLICATES = 200
MOST_PATIENTS = 2000
PAIRS_OF_A_PATIENT = 10
MIN_PATIENTS = 50
"""Fewer patients cannot tell where 1 % of pairs lie."""


class Similarity:
    """The pair head's probability where the encoder has one, else the cosine of standardised features.

    Features are standardised by the mean and deviation of real training images: raw features of a network trained on
    photographs are nearly parallel for all radiographs.
    """

    def __init__(self, train: Side | None, head: PairHead | None) -> None:
        self._head = head
        self._centre = self._scale = np.zeros(0)
        if head is None:
            if train is None or len(train) < 2:
                raise ValueError("features are standardised by training images, and there are none")
            self._centre = train.features.mean(axis=0, dtype=np.float64)
            spread = train.features.std(axis=0, dtype=np.float64)
            self._scale = np.where(spread > 1e-6 * spread.max(), 1.0 / np.maximum(spread, 1e-12), 0.0)

    def __call__(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
        """Row by row: float32[n, d], float32[n, d] -> float64[n]."""
        result = np.empty(len(one))
        for start in range(0, len(one), 1024):
            rows = slice(start, start + 1024)
            result[rows] = self._of(one[rows].astype(np.float64), other[rows].astype(np.float64))
        return result

    def _of(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._head is not None:
            logits = np.abs(one - other) @ self._head.weight.astype(np.float64) + self._head.bias
            return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
        one, other = ((each - self._centre) * self._scale for each in (one, other))
        norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        return np.divide((one * other).sum(axis=1), norms, out=np.zeros(len(one)), where=norms > 0)


def own_similarity(asked: Asked, similarity: Similarity) -> NDArray[np.float64]:
    """Of each generated image and the real image of its prompt: float64[n]."""
    return similarity(asked.images.features, asked.real.features[asked.target])


@dataclass(frozen=True)
class Calibration:
    """What the similarity is worth on real images.

    Attributes:
        threshold: exceeded by the largest of `draws` similarities to other patients' images at FALSE_POSITIVES.
        thresholds: the same with patients drawn with replacement.
        auroc: of same-patient against different-patient pairs; tpr: same-patient pairs above the level that
            FALSE_POSITIVES of the different-patient pairs exceed. None without same-patient pairs.
    """

    threshold: float
    thresholds: NDArray[np.float64]
    auroc: float | None
    tpr: float | None


def calibrate(train: Side, similarity: Similarity, draws: int, seed: int) -> Calibration | str:
    """Calibrate on real training images, or say why that is not possible.

    A prompt is called recognised by the *largest* similarity of its draws, so the threshold is that of the largest of
    as many images of different patients, all of them other than the one they are compared with.
    """
    names, of = np.unique(train.patients, return_inverse=True)
    if len(names) < max(MIN_PATIENTS, draws + 1):
        return f"{len(names)} training patients; a threshold at 1 % needs {max(MIN_PATIENTS, draws + 1)}"
    rng = np.random.default_rng([seed, draws])
    by_patient = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of))[:-1])
    chosen = np.sort(rng.permutation(len(names))[:MOST_PATIENTS])
    left, right = [], []
    for patient in chosen:
        for _ in range(ROUNDS):
            others = _other(rng, len(names), int(patient), draws)
            left += [_any(rng, by_patient[patient])] * draws
            right += [_any(rng, by_patient[each]) for each in others]
    apart = similarity(train.features[left], train.features[right])
    largest = apart.reshape(len(chosen), ROUNDS, draws).max(axis=2)
    level = 1.0 - FALSE_POSITIVES
    resampled = rng.integers(len(chosen), size=(REPLICATES, len(chosen)))
    thresholds = np.array([np.quantile(largest[rows], level) for rows in resampled])
    same = _same_pairs(by_patient, rng)
    auroc = tpr = None
    if len(same):
        together = similarity(train.features[same[:, 0]], train.features[same[:, 1]])
        auroc = _auroc(together, apart)
        tpr = float((together > np.quantile(apart, level)).mean())
    return Calibration(float(np.quantile(largest, level)), thresholds, auroc, tpr)


def calibration_of(data: MetricInput, similarity: Similarity, draws: int) -> Calibration | str:
    """The calibration on a comparison's training images, made once."""
    assert data.train is not None
    key = f"re-identification {data.encoder} {content_key(data.train.features)} {draws} {data.seed}"
    if key not in data.shared:
        data.shared[key] = calibrate(data.train, similarity, draws, data.seed)
    found: Calibration | str = data.shared[key]
    return found


def _other(rng: np.random.Generator, n: int, but: int, k: int) -> NDArray[np.int64]:
    """k different numbers below n, none of them `but`."""
    drawn = rng.choice(n - 1, size=k, replace=False)
    return drawn + (drawn >= but)


def _any(rng: np.random.Generator, rows: NDArray[np.intp]) -> int:
    return int(rows[rng.integers(len(rows))])


def _same_pairs(by_patient: list[NDArray[np.intp]], rng: np.random.Generator) -> NDArray[np.int64]:
    """Pairs of two images of a patient, at most PAIRS_OF_A_PATIENT of each: int64[n, 2]."""
    pairs: list[NDArray[np.int64]] = []
    for rows in by_patient:
        one, other = np.triu_indices(len(rows), 1)
        keep = rng.permutation(len(one))[:PAIRS_OF_A_PATIENT]
        pairs.append(np.stack([rows[one[keep]], rows[other[keep]]], axis=1))
    return np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)


def _auroc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """Mann-Whitney, ties counted half."""
    ordered = np.sort(negative)
    below, not_above = (np.searchsorted(ordered, positive, side=side) for side in ("left", "right"))
    return float((below + not_above).mean() / (2 * len(negative)))
