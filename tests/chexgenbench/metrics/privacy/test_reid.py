from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score
from made_patients import DIM, Patients

from chexgenbench.metrics.base import PairHead
from chexgenbench.metrics.privacy.reid import METRIC


def test_a_generator_that_shows_strangers_has_no_excess() -> None:
    """Over 40 generators the interval holds 0 in about 95 %."""
    covered = [_covers(score(METRIC, Patients(seed=seed).data(0.0)), 0.0) for seed in range(40)]
    assert np.mean(covered) >= 0.9


def test_the_excess_is_the_share_of_patients_it_reveals() -> None:
    """Each of four draws shows the prompt's patient with probability 0.2: 1 - 0.8^4 = 0.59 of the prompts do."""
    covered = [
        _covers(score(METRIC, Patients(seed=seed, spread=0.05).data(0.2, n=100)), 1 - 0.8**4) for seed in range(30)
    ]
    assert np.mean(covered) >= 0.85


def test_a_memoriser_is_flagged_and_beside_it_stand_control_and_calibration() -> None:
    found = score(METRIC, Patients(seed=1, spread=0.2).data(1.0))
    assert found.value is not None and found.value > 0.9 and found.low is not None and found.low > 0.8
    extra = found.extra
    assert extra["rate"] - extra["controls"] == pytest.approx(found.value)
    assert extra["threshold_low"] < extra["threshold"] < extra["threshold_high"] < extra["average"] <= extra["maximum"]
    assert extra["auroc"] > 0.9 and 0 < extra["tpr"] <= 1 and extra["false_positives"] == 0.01
    assert "count" not in extra


def test_the_published_count_needs_delta() -> None:
    data = Patients(seed=2, spread=0.2).data(0.5, options={"delta": 0.8})
    measured = METRIC.measure(data)
    scores = measured.arrays["scores"]
    assert score(METRIC, data).extra["count"] == (np.asarray(scores) > 0.8).sum()
    assert score(METRIC, data).extra["delta"] == 0.8


def test_images_of_the_same_findings_are_not_called_recognised_patients() -> None:
    """Every prompt, training or held out, is drawn near its own real image: both are "recognised", nothing exceeds."""
    patients = Patients(seed=3, spread=0.2)
    data = replace(patients.data(1.0), controls=patients.prompts(60, 4, 1.0, "c"))
    found = score(METRIC, data)
    assert found.extra["rate"] > 0.9 and found.extra["controls"] > 0.9
    assert found.low is not None and found.low <= 0.0 <= found.high  # type: ignore[operator]


def test_a_pair_head_is_used_where_there_is_one() -> None:
    head = PairHead(np.full(DIM, -1.0, np.float32), 6.0)
    measured = METRIC.measure(Patients(seed=4).data(0.0, head=head))
    assert measured.parameters["similarity"] == "pair head"
    assert np.min(measured.arrays["scores"]) >= 0 and np.max(measured.arrays["scores"]) <= 1  # type: ignore[arg-type]


def test_unequal_draws_and_few_training_patients_give_reasons() -> None:
    data = Patients(seed=5).data(0.0)
    assert data.controls is not None and data.train is not None
    fewer = data.controls.take(np.flatnonzero(data.controls.draw < 2))
    assert "equally often" in (METRIC.measure(replace(data, controls=fewer)).reason or "")
    small = data.train.take(range(40))
    assert "training patients" in (METRIC.measure(replace(data, train=small)).reason or "")


def test_nothing_of_a_real_image_is_stored() -> None:
    data = replace(Patients(seed=6).data(0.1), share_reference=False)
    arrays = METRIC.measure(data).arrays
    assert {name: np.shape(array) for name, array in arrays.items()} == {
        "scores": (60,),
        "cluster": (60,),
        "threshold": (1,),
        "thresholds": (200,),
        "controls_scores": (60,),
        "controls_cluster": (60,),
    }


def _covers(found, truth: float) -> bool:  # type: ignore[no-untyped-def]
    return bool(found.low <= truth <= found.high)
