from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.auroc import auroc
from leaderboards.statistics.estimate import Estimate


def area(members: np.ndarray, controls: np.ndarray, each: int = 1) -> Estimate:
    return auroc(
        {
            "members": members,
            "controls": controls,
            "members_cluster": np.arange(len(members)) // each,
            "controls_cluster": np.arange(len(controls)) // each,
        }
    )


def test_value_and_error_agree_with_scikit_learn_and_delong_by_all_pairs() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    members, controls = np.round(rng.normal(0.7, 1.0, 80), 1), np.round(rng.normal(size=50), 1)
    found = area(members, controls)
    truth = np.repeat([1, 0], [80, 50])
    assert found.value == pytest.approx(roc_auc_score(truth, np.concatenate([members, controls])))
    wins = (members[:, None] > controls) + 0.5 * (members[:, None] == controls)
    variance = wins.mean(axis=1).var(ddof=1) / 80 + wins.mean(axis=0).var(ddof=1) / 50
    assert found.se == pytest.approx(np.sqrt(variance))


@pytest.mark.parametrize(("shift", "n", "each"), [(0.0, 60, 1), (1.0, 60, 1), (2.5, 60, 1), (0.8, 60, 3)])
def test_interval_covers(shift: float, n: int, each: int) -> None:
    from scipy.special import ndtr

    rng = np.random.default_rng(int(10 * shift) + each)
    covered = []
    for _ in range(400):
        patients = [rng.normal(mean, np.sqrt(0.7), n // each).repeat(each) for mean in (shift, 0.0)]
        found = area(*(each_side + rng.normal(0, np.sqrt(0.3), n) for each_side in patients), each)
        covered.append(found.low <= ndtr(shift / np.sqrt(2.0)) <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.995


def test_full_separation_and_none() -> None:
    apart = area(np.full(60, 1.0), np.zeros(60))
    assert apart.value == 1.0 and apart.high == 1.0 and 0.9 < apart.low < 0.97
    same = area(np.zeros(60), np.zeros(60))
    assert same.value == 0.5 and same.low < 0.5 < same.high


def test_second_attack_is_an_extra_and_swapping_sides_mirrors() -> None:
    rng = np.random.default_rng(4)
    one, other = rng.normal(0.5, 1.0, 40), rng.normal(size=30)
    found, mirrored = area(one, other), area(other, one)
    assert found.value == pytest.approx(1 - mirrored.value) and found.low == pytest.approx(1 - mirrored.high)
    arrays = {"members": other, "controls": one, "members_cluster": np.arange(30), "controls_cluster": np.arange(40)}
    extra = auroc(arrays | {"any_members": other + 0.5, "any_controls": one - 0.5}).extra
    assert extra["any_image_low"] < extra["any_image"] < extra["any_image_high"] and extra["any_image"] > 0.5


def test_few_patients_and_wrong_lengths() -> None:
    assert area(np.arange(4.0), np.zeros(50)).low is None
    arrays = {"members": np.zeros(3), "controls": np.zeros(3), "members_cluster": np.zeros(2)}
    with pytest.raises(ValueError, match="lengths"):
        auroc(arrays | {"controls_cluster": np.zeros(3)})
