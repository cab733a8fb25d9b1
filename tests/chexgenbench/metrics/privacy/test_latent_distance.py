from __future__ import annotations

import numpy as np
import pytest
from made_asked import asked
from made_features import score, side

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.privacy.latent_distance import METRIC, PUBLISHED

RNG = np.random.default_rng(0)


def data(nearer: float = 1.0, n: int = 50, dim: int = 16) -> MetricInput:
    """Draws at distance about `nearer` from the real image of training prompts, and 1 of held-out ones."""

    def prompts(scale: float, prefix: str) -> object:
        real = RNG.normal(size=(n, dim))
        return asked(real[:, None] + scale * RNG.normal(size=(n, 4, dim)), real, prefix)

    some = side(np.zeros((3, dim)))
    return MetricInput(some, some, "enc", 7, probes=prompts(nearer, "p"), controls=prompts(1.0, "c"))  # type: ignore[arg-type]


def test_is_the_definition() -> None:
    case = data()
    assert case.probes is not None
    features, real = case.probes.images.features, case.probes.real.features[case.probes.target]
    distances = (np.linalg.norm(features.astype(float) - real, axis=1) / 4.0).reshape(4, 50)
    found = score(METRIC, case)
    assert found.value == pytest.approx(distances.mean())
    assert found.extra["minimum"] == pytest.approx(distances.min(axis=0).mean())
    assert found.low is not None and found.low < found.value < found.high  # type: ignore[operator]


def test_a_generator_without_memory_is_as_far_from_training_images_as_from_held_out_ones() -> None:
    covered = 0
    for _ in range(60):
        extra = score(METRIC, data(1.0)).extra
        covered += extra["above_controls_low"] <= 0 <= extra["above_controls_high"]
    assert covered >= 53


def test_one_that_remembers_is_closer_to_training_images() -> None:
    extra = score(METRIC, data(0.6)).extra
    assert extra["above_controls_high"] < 0 and extra["minimum_above_controls_high"] < 0


def test_the_published_value_is_rounded_image_by_image_and_has_no_interval() -> None:
    case = data()
    found = score(PUBLISHED, case)
    assert found.value == pytest.approx(score(METRIC, case).value, abs=5e-5) and found.low is None
    assert case.probes is not None
    gap = case.probes.images.features.astype(float) - case.probes.real.features[case.probes.target]
    assert found.value == pytest.approx(np.round(np.linalg.norm(gap, axis=1) / 4.0, 4).mean(), abs=1e-12)
