from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score
from planted_copies import planted

from chexgenbench.metrics.memorisation.mia_auroc import METRIC


def test_value_is_the_area_of_an_attack_written_anew() -> None:
    from sklearn.metrics import pairwise_distances, roc_auc_score

    data = planted(0.2, held_out=60, corpus=100, prompts=25)
    scores = []
    for asked in (data.probes, data.controls):
        for row, real in enumerate(asked.real.features.astype(float)):
            draws = asked.images.features[asked.target == row].astype(float)
            strangers = data.corpus.features[data.corpus.patients != asked.real.patients[row]].astype(float)
            own = pairwise_distances(draws, real[None]).min()
            other = pairwise_distances(strangers, real[None]).min()
            scores.append((other - own) / (other + own))
    truth = [1] * len(data.probes.real) + [0] * len(data.controls.real)
    assert score(METRIC, data).value == pytest.approx(roc_auc_score(truth, scores))


def test_no_leak_is_a_half_and_copies_are_found() -> None:
    honest, copied = score(METRIC, planted(0.0, 8)), score(METRIC, planted(0.3, 8))
    assert honest.low < 0.5 < honest.high and honest.extra["any_image_low"] < 0.5 < honest.extra["any_image_high"]
    assert copied.low > 0.6 and copied.extra["any_image_low"] > 0.6
    full = score(METRIC, planted(1.0, 8))
    assert full.value == 1.0 and full.low > 0.9


def test_a_generator_that_copies_the_held_out_images_is_no_member_leak() -> None:
    data = planted(1.0, 9)
    swapped = replace(data, probes=replace(data.probes, images=planted(0.0, 9).probes.images), controls=data.controls)
    assert score(METRIC, swapped).value < 0.65


def test_order_of_draws_does_not_matter() -> None:
    data = planted(0.1, held_out=60, corpus=100, prompts=20)
    order = np.random.default_rng(0).permutation(len(data.probes))
    assert score(METRIC, replace(data, probes=data.probes.take(order))).value == score(METRIC, data).value


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2])
def test_interval_covers(share: float) -> None:
    found = [score(METRIC, planted(share, seed)) for seed in range(200)]
    expected = 0.5 + (1 - (1 - share) ** 4) / 2  # a copied patient outranks every control
    assert np.mean([each.low <= expected <= each.high for each in found]) >= 0.91
