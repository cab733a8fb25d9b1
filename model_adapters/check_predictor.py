"""What a predictor must do for utility numbers to mean anything, checked on two dozen images."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_adapters.check import Check, other_random_state
from model_adapters.protocols import Image, Predictor

TOLERANCE = 1e-4
"""Largest difference of a probability between batches that floating point may explain."""

EASY = 0.9
"""AUROC, on the training images themselves, of a label that a glance at the brightness gives away."""

Build = Callable[[str | None], Predictor]
"""Makes the predictor anew: untrained for None, else the trained one of a folder."""


def check_predictor(build: Build, images: Sequence[Image]) -> list[Check]:
    """Shape and range, determinism, independence of the company, that it learns, and that saving keeps it.

    The first label is made up: the image was darkened or not. The second is unknown everywhere; the rest is noise.

    Args:
        build: of the adapter. images: at least 12 of them.
    """
    predictor = build(None)
    n, labels = len(images), len(predictor.labels)
    dark = np.arange(n) % 2 == 0
    shown = [image // 4 if each else image for image, each in zip(images, dark, strict=True)]
    before = [image.copy() for image in shown]
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, (n, labels)).astype(np.float32)
    targets[:, 0] = dark
    if labels > 1:
        targets[:, 1] = np.nan
    patients = np.array([f"p{index // 2}" for index in range(n)])
    predictor.fit(shown, targets, patients, 7)
    first = predictor.predict(shown)
    sound = first.shape == (n, labels) and first.dtype == np.float32 and bool(np.isfinite(first).all())
    card = predictor.card
    checks = [
        Check("it has a model card of its kind", card.kind == "predictor", f"{card.name}: {card.kind}, {card.licence}"),
        Check("the fingerprint is a sha256", _hexadecimal(predictor.fingerprint), predictor.fingerprint[:12]),
        Check("predictions are finite float32[n, labels]", sound, f"{first.dtype}{list(first.shape)}"),
    ]
    if not sound:
        return checks
    checks.append(
        Check(
            "they are probabilities",
            bool(((first >= 0) & (first <= 1)).all()),
            f"{first.min():.3f} to {first.max():.3f}",
        )
    )
    untouched = all(np.array_equal(one, other) for one, other in zip(before, shown, strict=True))
    checks.append(Check("images are left alone", untouched, "compared before and after"))
    area = _auroc(first[:, 0], dark)
    checks.append(Check("it learns an easy label", area >= EASY, f"AUROC {area:.2f} on what it learned from"))
    reverse = predictor.predict(shown[::-1])[::-1]
    alone = np.concatenate([predictor.predict([image]) for image in shown[:4]])
    apart = max(float(np.abs(reverse - first).max()), float(np.abs(alone - first[:4]).max()))
    checks.append(
        Check("a prediction does not depend on its company", apart <= TOLERANCE, f"at most {apart:.1e} apart")
    )
    again = build(None)
    with other_random_state():
        again.fit(shown, targets, patients, 7)
    apart = float(np.abs(again.predict(shown) - first).max())
    checks.append(Check("the same seed gives the same predictor", apart == 0.0, f"at most {apart:.1e} apart"))
    checks.append(_saved(predictor, build, shown, first))
    return checks


def _saved(predictor: Predictor, build: Build, images: Sequence[Image], expected: NDArray[np.float32]) -> Check:
    name = "saved and loaded, it predicts the same"
    save = getattr(predictor, "save", None)
    if save is None:
        return Check(name, None, "it cannot be saved")
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder))
        apart = float(np.abs(build(folder).predict(images) - expected).max())
    return Check(name, apart == 0.0, f"at most {apart:.1e} apart")


def _hexadecimal(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _auroc(score: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    above = score[truth][:, None] - score[~truth][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())
