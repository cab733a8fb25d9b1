"""Cases are drawn blind, one a patient; the bound is the binomial one; overlap and silence are refused."""

from __future__ import annotations

import numpy as np
import pytest
from made_claims import ELSEWHERE, sample_of

from data_splits.errors import UserError
from leaderboards.statistics.certificates.attach import attach, draw, elsewhere
from leaderboards.statistics.certificates.claim import Refused, Source
from leaderboards.statistics.certificates.verify import verify

TRAINED = (Source("training", "training", ELSEWHERE),)


def test_one_case_a_patient_whatever_the_order() -> None:
    cases = [f"case-{k}" for k in range(60)]
    patients = [f"patient-{k // 3}" for k in range(60)]
    rows = draw(cases, patients, 20)
    assert len({patients[row] for row in rows}) == 20
    turned = draw(cases[::-1], patients[::-1], 20)
    assert {cases[row] for row in rows} == {cases[::-1][row] for row in turned}
    assert set(draw(cases, patients, 7)) < set(rows)
    for n in (0, 21):
        with pytest.raises(UserError, match="there are 20"):
            draw(cases, patients, n)


def test_the_bound_is_binomial_and_verifies() -> None:
    none = attach("model", sample_of(100), np.zeros(100, bool), TRAINED)
    assert none.value == pytest.approx(1 - 0.05 ** (1 / 100)) and none.value >= 1 - 0.05 ** (1 / 100)
    some = attach("model", sample_of(100), np.arange(100) < 7, TRAINED, loss_name="error on Edema")
    assert 0.12 < some.value < 0.14 and verify(some) == [] and some.family == "held-out"


def test_training_must_be_known_and_elsewhere() -> None:
    with pytest.raises(Refused, match="share 100 cases"):
        attach("model", sample_of(100), np.zeros(100, bool), (Source("training", "same", sample_of(100)),))
    for silent in (None, " "):
        with pytest.raises(UserError, match="--trained-elsewhere"):
            elsewhere(silent)
    told = attach("model", sample_of(20), np.zeros(20, bool), [elsewhere("seeds from 300000 on")])
    assert {each.rule: each.basis for each in told.rules}["disjoint"] == "declared"
