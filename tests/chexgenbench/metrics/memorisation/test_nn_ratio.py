from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score
from planted_copies import images, planted

from chexgenbench.metrics.memorisation.nn_ratio import METRIC
from chexgenbench.training_neighbours import one_a_patient


def ratios(queries: np.ndarray, corpus: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """By a loop: the second neighbour is the nearest of another patient than the first."""
    found = []
    for query in queries.astype(float):
        distance = np.sqrt(((corpus - query) ** 2).sum(axis=1))
        first = distance.argmin()
        found.append(distance[first] / distance[patients != patients[first]].min())
    return np.array(found)


def test_share_and_level_agree_with_a_loop() -> None:
    data = planted(0.2, held_out=240, corpus=120, prompts=30)
    corpus = data.corpus.features.astype(float), data.corpus.patients
    held_out = np.sort(ratios(data.reference.features[one_a_patient(data.reference)], *corpus))
    assert len(held_out) == 120
    found = score(METRIC, data)
    assert found.extra["threshold"] == pytest.approx(1 - held_out[0]) and found.extra["false_alarm"] == 1 / 121
    assert found.value == np.mean(ratios(data.probes.images.features, *corpus) < held_out[0])
    assert found.extra["further"] == np.mean(ratios(data.generated.features, *corpus) < held_out[0])


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_interval_covers_the_planted_share_also_under_noise(share: float) -> None:
    for noise in (0.0, 0.05):
        found = score(METRIC, planted(share, 2, noise=noise))
        assert found.extra["copies_low"] <= share <= found.extra["copies_high"]
        assert found.extra["copies_low"] > 0.0


def test_nothing_is_flagged_without_copies_even_if_images_look_unreal() -> None:
    data = planted(0.0, 3)
    rng = np.random.default_rng(0)
    probes = data.probes
    for features in (
        probes.images.features * 3.0,  # far off
        np.broadcast_to(data.corpus.features.mean(axis=0), probes.images.features.shape),  # the average image
        0.3 * images(len(probes), rng) + 0.7 * data.corpus.features.mean(axis=0),  # blurred: nearer than real images
    ):
        side = replace(probes.images, features=np.ascontiguousarray(features, np.float32))
        found = score(METRIC, replace(data, probes=replace(probes, images=side), shared={}))
        assert found.value <= 0.02 and found.extra["copies_low"] == 0.0


def test_follow_ups_of_one_patient_do_not_hide_a_copy() -> None:
    data = planted(1.0, held_out=100, corpus=60, prompts=20)
    twin = data.corpus.features.copy()
    twin[1::2] = twin[::2] + np.float32(1e-3)  # the patient's second image is almost the first
    corpus = replace(data.corpus, features=twin)
    assert score(METRIC, replace(data, corpus=corpus, shared={})).value == 1.0


def test_one_image_a_patient_calibrates() -> None:
    data = planted(0.0, held_out=80, corpus=40, prompts=10)
    rows = one_a_patient(data.reference)
    assert len(rows) == 40 and len(set(data.reference.patients[rows])) == 40
    assert METRIC.measure(data).parameters["calibration"] == 40
    assert "held_out" not in METRIC.measure(replace(data, share_reference=False)).arrays


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.2, 1.0])
def test_coverage_of_the_planted_share(share: float) -> None:
    found = [score(METRIC, planted(share, seed)) for seed in range(200)]
    covered = np.mean([each.extra["copies_low"] <= share <= each.extra["copies_high"] for each in found])
    flagged = np.mean([each.extra["copies_low"] > 0.0 for each in found])
    assert covered >= 0.91
    assert flagged <= 0.06 if share == 0.0 else share < 0.05 or flagged >= 0.7
    if share == 0.0:  # the level's own rate
        assert np.mean([each.value for each in found]) == pytest.approx(1 / 101, abs=0.004)
