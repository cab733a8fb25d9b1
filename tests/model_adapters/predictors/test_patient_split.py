from __future__ import annotations

import numpy as np
import pytest

from model_adapters.predictors.patient_split import validation_rows

PATIENTS = np.repeat([f"p{i}" for i in range(40)], np.random.default_rng(0).integers(1, 6, 40))


@pytest.mark.parametrize("seed", range(5))
def test_no_patient_is_on_both_sides_and_a_fifth_is_held_out(seed: int) -> None:
    learn, held = validation_rows(PATIENTS, seed)
    assert not set(PATIENTS[learn]) & set(PATIENTS[held])
    assert sorted([*learn, *held]) == list(range(len(PATIENTS)))
    assert 0.2 <= len(held) / len(PATIENTS) < 0.26


def test_the_choice_is_by_patient_name_and_seed_alone() -> None:
    turned = np.random.default_rng(1).permutation(len(PATIENTS))
    assert set(PATIENTS[turned][validation_rows(PATIENTS[turned], 3)[1]]) == set(
        PATIENTS[validation_rows(PATIENTS, 3)[1]]
    )
    assert set(PATIENTS[validation_rows(PATIENTS, 3)[1]]) != set(PATIENTS[validation_rows(PATIENTS, 4)[1]])


def test_a_single_patient_is_not_held_out() -> None:
    learn, held = validation_rows(np.full(5, "p"), 0)
    assert len(learn) == 5 and not len(held)
