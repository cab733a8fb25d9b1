from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score
from planted_copies import planted

from chexgenbench.metrics.memorisation.exposure import METRIC, exposures


def test_a_patient_is_as_exposed_as_the_worst_draw() -> None:
    from sklearn.metrics import pairwise_distances

    data = planted(0.1, held_out=60, corpus=100, prompts=20)
    expected = []
    for row, patient in enumerate(data.probes.real.patients):
        draws = data.probes.images.features[data.probes.target == row].astype(float)
        own = pairwise_distances(draws, data.probes.real.features[row : row + 1].astype(float))[:, 0]
        strangers = data.corpus.features[data.corpus.patients != patient].astype(float)
        other = pairwise_distances(draws, strangers).min(axis=1)
        expected.append(((other - own) / (other + own)).max())
    found, rows = exposures(data, data.probes)
    assert np.allclose(found, expected) and rows.tolist() == list(range(20))
    order = np.random.default_rng(0).permutation(len(data.probes))
    assert np.array_equal(exposures(data, data.probes.take(order))[0], found)


def test_one_exposed_patient_shows_in_the_tail_not_in_the_mean() -> None:
    data = planted(0.0, 5)
    features = data.probes.images.features.copy()
    features[3] = data.probes.real.features[3]
    one = replace(data, probes=replace(data.probes, images=replace(data.probes.images, features=features)), shared={})
    before, after = score(METRIC, data), score(METRIC, one)
    assert after.extra["worst"] == 1.0 and before.extra["worst"] < 0.3
    assert after.extra["median"] == pytest.approx(before.extra["median"], abs=0.01)
    assert after.value == pytest.approx(before.value + 1 / 60)
    assert after.extra["held_out_worst"] == before.extra["held_out_worst"] < 0.3


def test_shares_of_patients_are_found() -> None:
    found = score(METRIC, planted(0.2, 6, by_patient=True))
    assert found.extra["copies_low"] <= 0.2 <= found.extra["copies_high"] and found.extra["copies_low"] > 0.0
    assert found.extra["p95"] == 1.0 and found.extra["held_out_p95"] < 0.2
    assert score(METRIC, planted(0.0, 6)).extra["copies_low"] == 0.0


def test_a_copy_of_somebody_else_is_not_the_patients_exposure() -> None:
    data = planted(0.0, 7)
    others = data.corpus.features[np.arange(len(data.probes)) % 100 + 200]
    moved = replace(data, probes=replace(data.probes, images=replace(data.probes.images, features=others)), shared={})
    assert score(METRIC, moved).value == 0.0 and score(METRIC, moved).extra["worst"] < 0.0
