from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score
from made_patients import Patients

from chexgenbench.metrics.privacy import reid
from chexgenbench.metrics.privacy.reid_rate import METRIC


def test_strangers_are_recognised_by_mistake_in_one_percent() -> None:
    rates = [score(METRIC, Patients(seed=seed).data(0.0, n=200)).value for seed in range(15)]
    assert np.mean(rates) == pytest.approx(0.01, abs=0.008)  # type: ignore[arg-type]


def test_it_is_the_rate_of_the_excess() -> None:
    data = Patients(seed=1, spread=0.2).data(0.4)
    rate, excess = score(METRIC, data), score(reid.METRIC, data)
    assert rate.value == excess.extra["rate"] and rate.extra["controls"] == excess.extra["controls"]
    assert rate.low is not None and rate.low < rate.value < rate.high  # type: ignore[operator]


def test_it_needs_no_held_out_prompts() -> None:
    data = replace(Patients(seed=2, spread=0.2).data(1.0), controls=None)
    found = score(METRIC, data)
    assert found.value is not None and found.value > 0.9 and "controls" not in found.extra
