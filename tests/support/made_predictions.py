"""Made-up predictions of classifiers whose true AUROC is known, with patients."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS

PREVALENCE = 0.3


def separation(auroc: float) -> float:
    """The distance of two unit normals that gives an AUROC."""
    from scipy.special import ndtri

    return float(math.sqrt(2) * ndtri(auroc))


def predictions(
    patients: int = 120,
    labels: int = 3,
    seeds: int = 3,
    images: int = 2,
    arms: dict[str, float] | None = None,
    seed: int = 0,
    patient_spread: float = 0.5,
    seed_spread: float = 0.0,
) -> dict[str, NDArray[np.generic]]:
    """Arrays of the `classification` estimator.

    Every image of a patient has the same labels and shares a part of its score, so images are dependent. Scores are
    unit normals, shifted by the separation of the wanted AUROC where the label is present, so that is the true AUROC
    of every arm. A training adds its own error to the separation where `seed_spread` is not 0.

    Args:
        arms: name -> AUROC.
    """
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(patients), images)
    present = (rng.random((patients, labels)) < PREVALENCE)[cluster]
    found: dict[str, NDArray[np.generic]] = {"truth": present.astype(np.uint8), "cluster": cluster}
    own = math.sqrt(1 - patient_spread**2)
    common = rng.normal(size=(patients, labels))[cluster] * patient_spread
    for name, auroc in (arms or {"tstr": 0.8}).items():
        score = common + own * rng.normal(size=(len(cluster), labels))
        shift = separation(auroc) + seed_spread * rng.normal(size=(seeds, 1, 1))
        logit = score[None] + shift * (present[None] - 0.5)
        found[name] = (1 / (1 + np.exp(-logit))).astype(np.float32)
    return found


def label_names(labels: int = 3) -> str:
    """The first labels, as the estimators take them."""
    return "|".join(CHEXPERT_LABELS[:labels])
