"""A made-up cohort whose features tell the labels, with real images and generated ones, for tests of utility."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.lazy_images import LazyImages
from chexgenbench.metrics.base import Asked, MetricInput, Side
from data_splits.case import Case

LABELS = ("Edema", "Pneumonia", "No Finding")
DIM = 24

Synthesise = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


def cohort(n: int, prefix: str, seed: int, signal: float = 1.0) -> tuple[tuple[Case, ...], NDArray[np.float32]]:
    """Cases of two images a patient, and features in which label k moves coordinate k by `signal`."""
    rng = np.random.default_rng(seed)
    directions = np.random.default_rng(99).normal(size=(len(LABELS), DIM))
    present = rng.random((n, len(LABELS))) < 0.4
    features = (rng.normal(size=(n, DIM)) + signal * (present - 0.4) @ directions).astype(np.float32)
    cases = tuple(
        Case(
            id=f"{prefix}{row:04d}",
            patient=f"{prefix}{row // 2:04d}",
            labels=dict(zip(LABELS, present[row].astype(int).tolist(), strict=True)),
            view=("AP", "PA")[int(rng.integers(2))],
            sex=("F", "M")[int(rng.integers(2))],
            age=float(rng.integers(20, 90)),
        )
        for row in range(n)
    )
    return cases, features


def side(cases: tuple[Case, ...], features: NDArray[np.float32], source: str | None = None) -> Side:
    """A side whose pixels are the features as grey levels."""

    def pixels(row: int) -> NDArray[np.uint8]:
        return np.clip(128 + 20 * features[row], 0, 255).astype(np.uint8).reshape(4, -1)

    return Side(
        features,
        np.array([case.patient for case in cases]),
        np.array([case.id for case in cases]),
        np.arange(len(cases)),
        source,
        cases,
        LazyImages([lambda row=row: pixels(row) for row in range(len(cases))]),
    )


def metric_input(
    synthesise: Synthesise | None = None,
    *,
    train: int = 240,
    test: int = 240,
    seed: int = 0,
    signal: float = 0.6,
    shared: bool = True,
    scratch: Path | None = None,
    **changes: Any,
) -> MetricInput:
    """A run whose generator draws `synthesise(real features)`; by default a copy of the real training images.

    Args:
        shared: False for a credentialed split.
    """
    cases, features = cohort(train, "t", seed, signal)
    drawn = features if synthesise is None else synthesise(features, np.random.default_rng(seed + 1))
    evaluated, real = cohort(test, "e", seed + 1000, signal)
    asked = Asked(
        images=side(cases, drawn.astype(np.float32)),
        draw=np.zeros(train, np.int64),
        real=side(cases, features),
        target=np.arange(train),
    )
    reference = side(evaluated, real, "enc.reference" if shared else None)
    data = MetricInput(
        generated=side(evaluated, real, "enc.generated"),
        reference=reference,
        encoder="enc",
        seed=7,
        synthetic=asked,
        scratch=scratch,
        share_reference=shared,
    )
    return replace(data, **changes)


def best_auroc(signal: float, seen: NDArray[np.bool_]) -> float:
    """Mean over labels of the AUROC of the best linear classifier that learned from the coordinates `seen` alone.

    For label k with direction d and the covariance S of everything else (unit noise and the other labels), on these
    coordinates w = S^-1 d; on real images AUROC = Phi(signal w'd / sqrt(2 w'S w)), taking the other labels as normal.
    """
    from scipy.stats import norm

    directions = np.random.default_rng(99).normal(size=(len(LABELS), DIM))[:, seen]
    found = []
    for label, own in enumerate(directions):
        others = np.delete(directions, label, axis=0)
        covariance = np.eye(int(seen.sum())) + signal**2 * 0.24 * others.T @ others
        weight = np.linalg.solve(covariance, own)
        found.append(float(norm.cdf(signal * weight @ own / np.sqrt(2 * weight @ covariance @ weight))))
    return float(np.mean(found))
