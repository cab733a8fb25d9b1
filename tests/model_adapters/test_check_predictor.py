"""The check finds each fault that is planted in a predictor that is sound otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model_adapters.card import ModelCard
from model_adapters.check_predictor import check_predictor

CARD = ModelCard(name="brightness", kind="predictor", source="made up", licence="CC0")


class Brightness:
    """Predicts by mean brightness: the threshold between both classes of the first label is learned."""

    labels, fingerprint, card = ("dark", "unknown", "noise"), "0" * 64, CARD

    def __init__(self) -> None:
        self.centre = 0.0

    def fit(self, images, targets, patients, seed, weights=None) -> None:
        means = np.array([image.mean() for image in images])
        self.centre = float(means[targets[:, 0] == 1].mean() + means[targets[:, 0] == 0].mean()) / 2

    def predict(self, images) -> np.ndarray:
        logit = np.array([self.centre - image.mean() for image in images]) / 20
        return np.stack([1 / (1 + np.exp(-logit)), np.full(len(logit), 0.5), np.full(len(logit), 0.5)], 1).astype("f4")

    def save(self, folder: Path) -> None:
        (folder / "centre").write_text(repr(self.centre))


def images() -> list[np.ndarray]:
    return [np.random.default_rng(row).integers(0, 256, (16, 16), dtype=np.uint8) for row in range(16)]


def failures(change: Callable[[type], None] = lambda kind: None) -> list[str]:
    kind = type("Planted", (Brightness,), {})
    change(kind)

    def build(folder: str | None):
        made = kind()
        if folder is not None:
            made.centre = float((Path(folder) / "centre").read_text())
        return made

    return [each.name for each in check_predictor(build, images()) if each.passed is False]


def test_a_sound_predictor_passes() -> None:
    assert failures() == []


def forgets(kind) -> None:
    kind.save = lambda self, folder: (folder / "centre").write_text("0.0")


def feels_the_random_state(kind) -> None:
    fit = kind.fit

    def unseeded(self, *rest) -> None:
        fit(self, *rest)
        self.centre += np.random.random()  # noqa: NPY002

    kind.fit = unseeded


def sees_its_company(kind) -> None:
    predict = kind.predict
    kind.predict = lambda self, images: predict(self, images) * np.float32(0.5 + len(images) / 40)


def learns_nothing(kind) -> None:
    kind.fit = lambda self, *rest: None
    kind.predict = lambda self, images: np.full((len(images), 3), 0.5, np.float32)


def spoils_the_images(kind) -> None:
    fit = kind.fit

    def spoiling(self, images, *rest) -> None:
        fit(self, images, *rest)
        images[0][:] = 0

    kind.fit = spoiling


def is_no_probability(kind) -> None:
    predict = kind.predict
    kind.predict = lambda self, images: predict(self, images) * np.float32(2)


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (forgets, "saved and loaded, it predicts the same"),
        (feels_the_random_state, "the same seed gives the same predictor"),
        (sees_its_company, "a prediction does not depend on its company"),
        (learns_nothing, "it learns an easy label"),
        (spoils_the_images, "images are left alone"),
        (is_no_probability, "they are probabilities"),
    ],
)
def test_a_planted_fault_is_found(fault, name: str) -> None:
    assert name in failures(fault)


def test_predictions_of_another_shape_end_the_check() -> None:
    def narrow(kind) -> None:
        kind.predict = lambda self, images: np.full((len(images), 2), 0.5, np.float32)

    assert failures(narrow) == ["predictions are finite float32[n, labels]"]
