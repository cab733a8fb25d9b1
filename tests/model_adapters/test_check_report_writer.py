"""The check finds each fault that is planted in a report writer that is sound otherwise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.check_report_writer import check_report_writer


class Nearest:
    """The report of the training image whose mean brightness is nearest."""

    fingerprint = "0" * 64
    card = ModelCard(name="nearest", kind="predictor", source="made up", licence="CC0")

    def __init__(self) -> None:
        self.known: list[tuple[float, str]] = []

    def fit(self, images, reports, patients, seed) -> None:
        self.known = [(float(image.mean()), report) for image, report in zip(images, reports, strict=True)]

    def write(self, images) -> list[str]:
        if not self.known:
            raise UserError("nearest is not trained yet: fit it first.")
        return [min(self.known, key=lambda each: abs(each[0] - float(image.mean())))[1] for image in images]


def images() -> list[np.ndarray]:
    return [np.random.default_rng(row).integers(0, 256, (16, 16), dtype=np.uint8) for row in range(8)]


def failures(change: Callable[[type], None] = lambda kind: None) -> list[str]:
    kind = type("Planted", (Nearest,), {})
    change(kind)
    return [each.name for each in check_report_writer(kind, images()) if each.passed is False]


def test_a_sound_writer_passes_and_its_learning_is_told() -> None:
    assert failures() == []
    told = {each.name: each for each in check_report_writer(Nearest, images())}["it gives back what it learned from"]
    assert told.passed is True and told.detail == "8 of 8 reports"


def test_one_that_learns_nothing_is_no_fault() -> None:
    class Silent(Nearest):
        def write(self, images) -> list[str]:
            super().write(images)
            return ["Nothing."] * len(images)

    checks = check_report_writer(Silent, images())
    assert all(each.passed is not False for each in checks)
    assert any(each.passed is None and each.detail.startswith("0 of 8") for each in checks)


def eager(kind) -> None:
    kind.write = lambda self, images: Nearest.write(self, images) if self.known else ["Nothing."] * len(images)


def crashing(kind) -> None:
    kind.write = lambda self, images: [
        min(self.known, key=lambda each: abs(each[0] - float(image.mean())))[1] for image in images
    ]


def fewer(kind) -> None:
    kind.write = lambda self, images: Nearest.write(self, images)[:-1]


def destructive(kind) -> None:
    def fit(self, images, reports, patients, seed) -> None:
        Nearest.fit(self, images, reports, patients, seed)
        for image in images:
            image += 1

    kind.fit = fit


def sampling(kind) -> None:
    kind.write = lambda self, images: [f"{each} {np.random.random()}" for each in Nearest.write(self, images)]  # noqa: NPY002


def numbered(kind) -> None:
    kind.write = lambda self, images: [f"{row}: {text}" for row, text in enumerate(Nearest.write(self, images))]


def remembering(kind) -> None:
    def fit(self, images, reports, patients, seed) -> None:
        before = self.known
        Nearest.fit(self, images, reports, patients, seed)
        self.known = before + self.known

    kind.fit = fit


def anonymous(kind) -> None:
    kind.fingerprint = "nearest"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (eager, "untrained, it says so"),
        (crashing, "untrained, it says so"),
        (fewer, "one text an image"),
        (destructive, "images are left alone"),
        (sampling, "the same image gives the same text"),
        (numbered, "a text does not depend on its company"),
        (remembering, "a fit starts anew, whatever was fitted before"),
        (anonymous, "it has a model card of its kind and a sha256 fingerprint"),
    ],
)
def test_a_planted_fault_is_found(change, name: str) -> None:
    assert name in failures(change)
