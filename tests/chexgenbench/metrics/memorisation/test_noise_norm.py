from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_asked import asked
from made_features import score, side

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.memorisation.noise_norm import METRIC


def data(members: np.ndarray, controls: np.ndarray) -> MetricInput:
    """Norms of the first draw, as a run has them; the second draw was not measured."""

    def prompts(norms: np.ndarray, prefix: str) -> object:
        noise = np.stack([norms, np.full(len(norms), np.nan)], axis=1)
        return asked(np.zeros((len(norms), 2, 0)), np.zeros((len(norms), 0)), prefix, noise=noise)

    some = side(np.zeros((3, 0)))
    return MetricInput(some, some, "", 7, probes=prompts(members, "p"), controls=prompts(controls, "c"))  # type: ignore[arg-type]


def test_the_value_is_the_area_under_the_curve() -> None:
    rng = np.random.default_rng(0)
    members, controls = rng.normal(1.0, 1.0, 60), rng.normal(0.0, 1.0, 50)
    found = score(METRIC, data(members, controls))
    pairs = (members[:, None] > controls[None]).mean()
    assert found.value == pytest.approx(pairs)
    assert found.low is not None and found.high is not None and found.low < pairs < found.high
    assert found.extra["average"] == pytest.approx(members.mean())
    assert found.extra["maximum"] == members.max()
    assert found.extra["controls_average"] == pytest.approx(controls.mean())


def test_prompts_of_one_kind_are_not_told_apart() -> None:
    rng, covered = np.random.default_rng(1), 0
    for _ in range(100):
        found = score(METRIC, data(rng.gamma(4.0, size=60), rng.gamma(4.0, size=60)))
        covered += found.low <= 0.5 <= found.high  # type: ignore[operator]
    assert covered >= 89


def test_without_a_white_box_there_is_a_reason() -> None:
    full = data(np.ones(10), np.ones(10))
    assert full.controls is not None
    blind = replace(full, controls=replace(full.controls, noise=None))
    assert "white box" in (METRIC.measure(blind).reason or "")
    unmeasured = replace(full, controls=replace(full.controls, noise=np.full(20, np.nan)))
    assert METRIC.measure(unmeasured).reason
