from __future__ import annotations

import numpy as np
import pytest
from made_features import score
from planted_copies import planted

from chexgenbench.membership import attack_scores
from chexgenbench.metrics.memorisation.mia_tpr import METRIC


def test_value_is_the_share_of_members_above_the_highest_control() -> None:
    data = planted(0.1, 3)
    members, controls = attack_scores(data, data.probes), attack_scores(data, data.controls)
    found = score(METRIC, data)
    assert found.value == np.mean(members > controls.max()) and found.extra["false_alarm"] == 1 / 61


def test_many_controls_reach_one_per_cent() -> None:
    data = planted(0.0, held_out=400, prompts=150, draws=2)
    assert score(METRIC, data).extra["false_alarm"] == pytest.approx(1 / 151)
    data = planted(0.0, held_out=420, corpus=420, prompts=200, draws=1)
    assert score(METRIC, data).extra["false_alarm"] == pytest.approx(2 / 201)


def test_planted_patients_are_counted() -> None:
    found = score(METRIC, planted(0.2, 4, by_patient=True))
    assert found.extra["copies_low"] <= 0.2 <= found.extra["copies_high"] and found.extra["copies_low"] > 0.0
    assert score(METRIC, planted(0.0, 4)).extra["copies_low"] == 0.0
    assert score(METRIC, planted(1.0, 4)).value == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2])
def test_coverage_of_the_planted_share_of_patients(share: float) -> None:
    found = [score(METRIC, planted(share, seed, by_patient=True)) for seed in range(200)]
    assert np.mean([each.extra["copies_low"] <= share <= each.extra["copies_high"] for each in found]) >= 0.91
    if share == 0.0:
        assert np.mean([each.extra["copies_low"] > 0.0 for each in found]) <= 0.06
        assert np.mean([each.value for each in found]) == pytest.approx(1 / 61, abs=0.008)
