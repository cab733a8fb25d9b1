"""The detector's numbers on made-up images, and the truth test: a generator that copies a known share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from copier_runs import CopierRuns
from textures import textures

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.memorisation.copy_rate import METRIC, measure, one_a_patient
from data_splits.case import Case
from data_splits.split import Split
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import estimate

KINDS = ("exact", "noisy", "flipped", "cropped", "contrast")


def made_up_split(train: int = 140, test: int = 70) -> Split:
    """One image a patient, of 128 px, and two findings."""
    pixels = (255 * textures(train + test, seed=5, side=128)).astype(np.uint8)
    cases = [
        Case(id=f"c{i:03d}", patient=f"p{i:03d}", prompt="chest", labels={"Edema": i % 2}, view="AP")
        for i in range(train + test)
    ]
    subsets = {"train": tuple(cases[:train]), "test": tuple(cases[train:])}
    return Split("made-up", "1", "CC0", False, subsets, lambda case: pixels[int(case.id[1:])])


@pytest.fixture(scope="module")
def runs() -> CopierRuns:
    return CopierRuns(made_up_split(), probes=20, controls=20)


def score(data: MetricInput) -> Estimate:
    measured = measure(data)
    assert measured.reason is None
    return estimate(METRIC.estimator, measured.arrays, measured.parameters)


@pytest.mark.parametrize("kind", KINDS)
def test_the_share_of_copies_is_recovered_however_they_are_hidden(runs: CopierRuns, kind: str) -> None:
    data = runs.data(KINDS.index(kind), share=0.2, kind=kind)
    found = score(data)
    assert found.low is not None and found.high is not None and found.value is not None
    assert found.low <= 0.2 <= found.high < 0.4, found
    assert found.extra["power"] > 0.9


def test_a_generator_that_copies_nothing_is_not_accused(runs: CopierRuns) -> None:
    """None of 150 images above the largest of 70 held-out scores is expected: 1 in 71 is claimed."""
    found = score(runs.data(11, share=0.0))
    assert found.value is not None and found.value < 0.03 and found.low == 0.0
    assert found.extra["false_alarm_rate"] == pytest.approx(1 / 71)


def test_a_memoriser_copies_everything(runs: CopierRuns) -> None:
    found = score(runs.data(12, share=1.0))
    assert found.value is not None and found.value > 0.99 and found.extra["detected_probes"] == 1.0


def test_what_is_stored_names_nobody(runs: CopierRuns) -> None:
    measured = measure(replace(runs.data(13, share=0.1), share_reference=False))
    generated = len(runs.test) + 20 * 4
    sizes = {name: np.shape(array) for name, array in measured.arrays.items()}
    assert sizes == {
        "score": (generated,),
        "cluster": (generated,),
        "group": (generated,),
        "false_alarms": (2,),
        "planted": (5, 2),
    }
    assert measured.n_generated == generated and measured.n_reference == len(runs.train)


def test_an_image_is_searched_once_whoever_asks(runs: CopierRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    data = runs.data(14, share=0.1)
    first = measure(data).arrays["score"]
    monkeypatch.setattr("chexgenbench.copies.matches", None)
    np.testing.assert_array_equal(measure(data).arrays["score"], first)


def test_held_out_images_stand_outside_the_training_set(runs: CopierRuns) -> None:
    data = runs.data(15, share=0.0)
    within = measure(replace(data, reference=data.corpus))
    assert within.reason is not None and "outside the training set" in within.reason
    patients = np.array(["a", "b", "a", "c"])
    assert one_a_patient(patients, np.array(["c"])).tolist() == [0, 1]


def test_other_encoders_are_not_for_this(runs: CopierRuns) -> None:
    data = runs.data(16, share=0.0)
    other = replace(data.generated, features=np.zeros((len(data.generated), 1280), np.float32))
    assert "grey64" in (measure(replace(data, generated=other)).reason or "")


@pytest.fixture(scope="module")
def real_runs(shared_data: Path) -> CopierRuns:
    from data_splits.sources import load_split

    return CopierRuns(load_split(f"folder:{shared_data / 'nih'}"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.2])
def test_truth_on_real_radiographs(real_runs: CopierRuns, kind: str, share: float) -> None:
    """20 runs: intervals of 95 % cover the planted share in at least 16 (fewer has probability 0.003)."""
    seeds = range(100 * KINDS.index(kind), 100 * KINDS.index(kind) + 20)
    found = [score(real_runs.data(seed, share=share, kind=kind)) for seed in seeds]
    covered = sum(each.low <= share <= each.high for each in found)  # type: ignore[operator]
    assert covered >= 16
    assert min(each.extra["power"] for each in found) > 0.9


@pytest.mark.slow
def test_false_alarms_on_real_radiographs_are_as_claimed(real_runs: CopierRuns) -> None:
    """Held-out patients divided in two at random: one half sets the threshold, the other is tested. 200 divisions."""
    data = real_runs.data(0, share=0.0)
    rows = one_a_patient(data.reference.patients, np.unique(data.train.patients))  # type: ignore[union-attr]
    rng, alarms = np.random.default_rng(0), []
    for _ in range(200):
        order = rng.permutation(rows)
        one, other = order[: len(order) // 2], order[len(order) // 2 :]
        parts = replace(data, generated=data.reference.take(one), reference=data.reference.take(other), probes=None)
        found = score(parts)
        alarms.append(found.extra["detected"])
        claimed = found.extra["false_alarm_rate"]
    assert np.mean(alarms) == pytest.approx(claimed, abs=0.006)
