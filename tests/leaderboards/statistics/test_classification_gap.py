from __future__ import annotations

import numpy as np
import pytest
from made_predictions import predictions
from sklearn import metrics

from leaderboards.statistics.classification_gap import leave_blocks_out_of_gap, subgroups_of
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import estimate

ATTRIBUTES = "sex=F,M|age=<40,40-64,65+"


def made(women: float = 0.8, men: float = 0.8, patients: int = 200, seed: int = 0) -> dict[str, np.ndarray]:
    """Predictions that are worse for men, ages at random, the sex of a tenth unknown."""
    arrays = predictions(patients, images=1, arms={"tstr": women, "other": men, "trtr": 0.8}, seed=seed)
    rng = np.random.default_rng(seed + 1)
    sex = rng.choice([0, 1, -1], size=patients, p=[0.45, 0.45, 0.1])
    arrays["tstr"] = np.where((sex == 1)[None, :, None], arrays.pop("other"), arrays["tstr"])
    return {**arrays, "sex": sex, "age": rng.integers(0, 3, patients)}


def run(arrays, **parameters) -> Estimate:
    given = {"attributes": ATTRIBUTES, "arms": "tstr|trtr", "seed": 3, "replicates": 500}
    return estimate("classification_gap", arrays, given | parameters)


def test_a_planted_gap_is_found_and_named() -> None:
    found = run(made(women=0.95, men=0.65))
    assert found.method.startswith("sex=F less sex=M")
    assert found.value == pytest.approx(0.30, abs=0.1) and found.low > 0.05
    assert found.extra["gap.sex"] == found.value > found.extra["gap.age"]
    assert found.extra["trtr_gap"] < found.value and found.extra["pairs"] == 4


def test_the_value_is_the_difference_of_scikit_learns() -> None:
    arrays = made(0.95, 0.65)
    means = []
    for code in (0, 1):
        rows = arrays["sex"] == code
        means.append(
            np.mean(
                [
                    metrics.roc_auc_score(arrays["truth"][rows, k], p[rows, k])
                    for p in arrays["tstr"] for k in range(3)
                ]
            )
        )  # fmt: skip
    assert run(arrays).value == pytest.approx(means[0] - means[1], abs=1e-12)


def test_a_subgroup_with_few_images_is_left_out_and_then_the_attribute() -> None:
    arrays = made()
    arrays["age"][arrays["age"] == 2] = 0
    arrays["age"][:15] = 2
    assert [each.name for each in subgroups_of(arrays, ATTRIBUTES)] == ["sex=F", "sex=M", "age=<40", "age=40-64"]
    arrays["sex"][:], arrays["age"][:] = 0, 1
    assert "no two subgroups" in str(run(arrays).reason)


def test_unknown_subgroups_do_not_enter() -> None:
    arrays = made()
    changed = {**arrays, "tstr": np.where((arrays["sex"] == -1)[None, :, None], 0.5, arrays["tstr"]).astype(np.float32)}
    assert run(arrays).extra["auroc.sex=F"] == run(changed).extra["auroc.sex=F"]
    assert run(arrays).extra["n.sex=F"] == (arrays["sex"] == 0).sum()


def test_without_a_gap_the_interval_rarely_leaves_nought_out() -> None:
    alarms = sum(run(made(seed=seed, patients=150), replicates=400).low > 0 for seed in range(40))
    assert alarms <= 6


@pytest.mark.slow
def test_the_false_alarm_rate_is_what_it_claims() -> None:
    alarms = sum(run(made(seed=seed, patients=150), replicates=1000).low > 0 for seed in range(400))
    assert alarms / 400 <= 0.08


def test_blocks_give_the_same_value() -> None:
    arrays = made(0.95, 0.65, patients=400)
    block = np.random.default_rng(0).permutation(400) % 20
    whole = run(arrays)
    stored, names = leave_blocks_out_of_gap(arrays, block, attributes=ATTRIBUTES, arms="tstr|trtr")
    found = estimate("classification_gap", stored, {**names, "attributes": ATTRIBUTES, "arms": "tstr|trtr", "seed": 3})
    assert found.value == pytest.approx(whole.value, abs=1e-12) and found.method.startswith("sex=F less sex=M")
    assert found.se == pytest.approx(whole.se, rel=0.5)
    assert found.extra["n.sex=M"] == whole.extra["n.sex=M"]
