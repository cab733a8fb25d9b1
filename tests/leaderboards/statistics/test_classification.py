from __future__ import annotations

import numpy as np
import pytest
from made_predictions import label_names, predictions
from sklearn import metrics

from leaderboards.statistics.classification import leave_blocks_out
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import estimate

ARMS = {"tstr": 0.75, "trtr": 0.85}


def run(arrays, labels: int = 3, **parameters) -> Estimate:
    given = {
        "statistic": "auroc", "labels": label_names(labels), "arms": "tstr|trtr", "baseline": "trtr", "seed": 5,
        "replicates": 300,
    }  # fmt: skip
    return estimate("classification", arrays, given | parameters)


def test_the_value_is_the_mean_of_scikit_learns_over_labels_and_trainings() -> None:
    arrays = predictions(arms=ARMS)
    expected = np.mean(
        [[metrics.roc_auc_score(arrays["truth"][:, k], p[:, k]) for k in range(3)] for p in arrays["tstr"]]
    )
    found = run(arrays)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.low < found.value < found.high
    assert found.extra["labels"] == 3 and found.extra["patients"] == 120 and found.extra["trainings"] == 3


def test_the_difference_of_two_arms_is_paired() -> None:
    """Arms that share most of their noise: the difference is known far better than either arm."""
    arrays = predictions(arms={"trtr": 0.8}, seeds=1)
    near = np.clip(arrays["trtr"] + 0.01 * np.random.default_rng(0).random(arrays["trtr"].shape), 0, 1)
    found = run({**arrays, "tstr": near.astype(np.float32)})
    width = found.extra["tstr_minus_trtr_high"] - found.extra["tstr_minus_trtr_low"]
    assert width < 0.2 * (found.high - found.low)
    assert found.extra["tstr_minus_trtr"] == pytest.approx(found.value - found.extra["trtr"], abs=1e-12)


def test_the_same_predictions_differ_by_exactly_nothing() -> None:
    arrays = predictions(arms={"trtr": 0.8}, seed_spread=0.3)
    found = run({**arrays, "tstr": arrays["trtr"]}, by_label=True)
    assert all(found.extra[f"tstr_minus_trtr{end}"] == 0.0 for end in ("", "_low", "_high", ".Atelectasis"))


def test_labels_are_reported_when_asked_and_rare_ones_left_out() -> None:
    arrays = predictions(arms=ARMS)
    arrays["truth"][:, 1] = 0
    arrays["truth"][:9, 1] = 1
    found = run(arrays, by_label=True)
    assert found.extra["labels"] == 2
    assert "tstr.Atelectasis" in found.extra and "tstr.Cardiomegaly" not in found.extra
    assert found.value == pytest.approx(np.mean([found.extra["tstr.Atelectasis"], found.extra["tstr.Consolidation"]]))
    assert not any("." in name for name in run(arrays).extra)
    arrays["truth"][:] = 0
    assert "10 positive" in str(run(arrays).reason)


def test_order_of_images_and_names_of_patients_do_not_matter() -> None:
    arrays = predictions(arms=ARMS)
    turned = np.random.default_rng(1).permutation(240)
    moved = {
        "truth": arrays["truth"][turned],
        "cluster": arrays["cluster"][turned] * 7 + 3,
        **{arm: arrays[arm][:, turned] for arm in ARMS},
    }
    one, other = run(arrays), run(moved)
    for name in ("value", "low", "high", "se"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-12)


def test_the_spread_over_trainings_widens_the_interval() -> None:
    still, moving = (run(predictions(arms=ARMS, seed_spread=spread)) for spread in (0.0, 0.6))
    assert moving.extra["seed_sd"] > 5 * still.extra["seed_sd"]
    assert moving.se**2 > still.se**2 + 0.5 * moving.extra["seed_sd"] ** 2 / 3


def test_the_interval_of_a_calibration_error_holds_nought_where_chance_explains_it() -> None:
    """The plug-in error of a calibrated classifier is well above 0; only that of a wrong one leaves 0 out."""
    rng = np.random.default_rng(2)
    p = rng.random((1, 150, 2)).astype(np.float32)
    truth = (rng.random((150, 2)) < p[0]).astype(np.uint8)
    arrays = {"truth": truth, "cluster": np.arange(150), "tstr": p, "trtr": p}
    right = run(arrays, 2, statistic="ece")
    assert right.value > 0.05 and right.value == pytest.approx(right.extra["if_calibrated"], rel=0.4)
    assert right.low == 0.0 and right.high > right.value
    wrong = run({**arrays, "tstr": p**3}, 2, statistic="ece")
    assert 0.05 < wrong.low < wrong.value < wrong.high
    assert wrong.extra["tstr_minus_trtr_low"] > 0.0


def test_without_replicates_there_is_no_interval_but_the_reason_given() -> None:
    found = run(predictions(arms=ARMS), replicates=0, interval_reason="nothing was published")
    assert found.low is None and found.interval_reason == "nothing was published"
    few = run(predictions(patients=9, images=20, arms=ARMS), least_patients=1)
    assert few.low is None and "9 patients" in str(few.interval_reason)


@pytest.mark.parametrize("statistic", ["auroc", "auprc", "f1_macro", "f1_micro", "balanced_accuracy"])
def test_blocks_give_the_same_value_and_nearly_the_same_interval(statistic: str) -> None:
    arrays = predictions(patients=400, images=1, arms=ARMS)
    block = np.random.default_rng(0).permutation(400) % 20
    parameters = {"statistic": statistic, "labels": label_names(), "arms": "tstr|trtr", "baseline": "trtr", "seed": 1}
    whole = estimate("classification", arrays, parameters)
    stored, kept = leave_blocks_out(arrays, block, **parameters)
    assert all(len(stored[arm]) == 21 for arm in ARMS) and stored["share"].sum() == pytest.approx(1.0)
    found = estimate("classification", stored, parameters | {"labels": kept})
    assert found.value == pytest.approx(whole.value, abs=1e-12)
    assert found.se == pytest.approx(whole.se, rel=0.5)
    assert found.extra["tstr_minus_trtr"] == pytest.approx(whole.extra["tstr_minus_trtr"], abs=1e-12)


def test_what_does_not_fit_is_refused() -> None:
    arrays = predictions(arms=ARMS)
    with pytest.raises(ValueError, match="does not fit"):
        run({**arrays, "tstr": arrays["tstr"][:, :-1]})
    with pytest.raises(KeyError, match="no statistic"):
        run(arrays, statistic="auc")
    with pytest.raises(ValueError, match="labels were given"):
        run(arrays, labels=2)


def coverage(statistic: str, truth: dict[str, float], times: int, **made) -> dict[str, float]:
    """How often an interval holds the true value."""
    hits = dict.fromkeys(truth, 0)
    for repeat in range(times):
        found = run(predictions(arms=ARMS, seed=1000 + repeat, **made), statistic=statistic, replicates=400)
        for name, value in truth.items():
            low, high = (
                (found.low, found.high) if name == "tstr" else (found.extra[f"{name}_low"], found.extra[f"{name}_high"])
            )
            hits[name] += low <= value <= high
    return {name: each / times for name, each in hits.items()}


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_intervals_of_auroc_cover(spread: float) -> None:
    """Dependent images of a patient, and trainings that differ: at least 90 % of 95 % intervals hold the truth."""
    from scipy.special import ndtri
    from scipy.stats import norm

    made = np.random.default_rng(0).normal(size=200_000) * spread
    expected = {
        arm: float(norm.cdf((np.sqrt(2) * ndtri(value) + made) / np.sqrt(2)).mean()) for arm, value in ARMS.items()
    }
    truth = {"tstr": expected["tstr"], "tstr_minus_trtr": expected["tstr"] - expected["trtr"]}
    found = coverage("auroc", truth, 300, seed_spread=spread)
    assert all(0.90 <= share <= 0.985 for share in found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize("statistic", ["auprc", "f1_macro", "ece", "balanced_accuracy"])
def test_intervals_of_other_scores_cover(statistic: str) -> None:
    big = predictions(patients=60_000, arms=ARMS, seed=9, seeds=1, labels=1)
    truth = run(big, 1, statistic=statistic, replicates=0)
    expected = {"tstr": truth.value, "tstr_minus_trtr": truth.extra["tstr_minus_trtr"]}
    found = coverage(statistic, expected, 200, seeds=1)
    assert all(share >= 0.9 for share in found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize(("power", "least"), [(1.0, 0.93), (1.2, 0.88), (1.5, 0.93)])
def test_intervals_of_calibration_errors_cover_near_nought(power: float, least: float) -> None:
    def made(n: int, seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        q = rng.beta(1, 3, size=(n, 3))
        p = (q**power)[None].astype(np.float32)
        return {"truth": (rng.random((n, 3)) < q).astype(np.uint8), "cluster": np.arange(n), "tstr": p, "trtr": p}

    truth = run(made(1_000_000, 1), statistic="ece", replicates=0).value if power > 1 else 0.0
    hits = 0
    for repeat in range(200):
        found = run(made(300, 100 + repeat), statistic="ece")
        hits += found.low <= truth <= found.high
    assert hits / 200 >= least, hits / 200
