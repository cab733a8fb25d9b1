from __future__ import annotations

import numpy as np
import pytest
from made_features import score, side

from chexgenbench.metrics.base import Draws, MetricInput
from chexgenbench.metrics.fidelity.ms_ssim_diversity import METRIC
from chexgenbench.structural_similarity import ms_ssim


def draws(seed_matters: float, prompts: int = 14, count: int = 3, size: int = 96) -> Draws:
    y, x = np.mgrid[:size, :size]

    def load(prompt: int, draw: int) -> np.ndarray:
        rng = np.random.default_rng([prompt, draw])
        wave = 60 * np.sin(x / (6 + prompt) + seed_matters * draw) + seed_matters * 20 * rng.normal(size=(size, size))
        return np.clip(128 + wave + 20 * np.cos(y / 9), 0, 255).astype(np.uint8)

    names = np.array([f"p{i // 2}" for i in range(prompts)])
    return Draws(names, np.array([f"c{i}" for i in range(prompts)]), load, count)


def data(given: Draws | None) -> MetricInput:
    empty = side(np.zeros((14, 0)))
    return MetricInput(empty, empty, "", 3, draws=given)


def test_is_the_mean_over_pairs_then_prompts_clustered_by_patient() -> None:
    given = draws(0.5)
    pairs = [(0, 1), (0, 2), (1, 2)]
    expected = [np.mean([ms_ssim(given.load(p, a), given.load(p, b)) for a, b in pairs]) for p in range(14)]
    estimate = score(METRIC, data(given))
    assert estimate.value == pytest.approx(np.mean(expected))
    assert estimate.extra["clusters"] == 7 and estimate.low < estimate.value < estimate.high
    assert METRIC.measure(data(given)).parameters["scales"] == 4


def test_a_generator_that_ignores_its_seed_scores_one() -> None:
    ignoring, varied = score(METRIC, data(draws(0.0))), score(METRIC, data(draws(1.0)))
    assert ignoring.value == 1.0 and ignoring.interval_reason
    assert varied.value < 0.7


def test_reasons() -> None:
    assert METRIC.measure(data(None)).reason == "no prompt of this group was drawn more than once"
    assert METRIC.measure(data(draws(1.0, count=1))).reason == "no prompt of this group was drawn more than once"
    assert "smaller than" in str(METRIC.measure(data(draws(1.0, size=8))).reason)
