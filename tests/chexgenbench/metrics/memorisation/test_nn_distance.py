from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score
from planted_copies import planted

from chexgenbench.metrics.memorisation.nn_distance import METRIC


def test_value_is_the_mean_minimum_distance_by_brute_force() -> None:
    data = planted(0.3, held_out=60, corpus=80, prompts=20)
    gap = data.probes.images.features[:, None].astype(float) - data.corpus.features
    expected = np.sqrt((gap**2).sum(axis=-1)).min(axis=1)
    found = score(METRIC, data)
    assert found.value == pytest.approx(expected.mean(), abs=1e-12)
    real = np.sqrt(((data.reference.features[:, None].astype(float) - data.corpus.features) ** 2).sum(-1)).min(1)
    assert found.extra["real"] == pytest.approx(real.mean())
    assert found.extra["ratio_of_medians"] == pytest.approx(np.median(expected) / np.median(real))
    assert found.low < found.value < found.high


def test_honest_images_keep_their_distance_and_copies_do_not() -> None:
    honest, copied = score(METRIC, planted(0.0, 1)), score(METRIC, planted(0.2, 1))
    assert honest.extra["above_controls_low"] < 0.0 < honest.extra["above_controls_high"]
    assert honest.extra["above_real_low"] < 0.0 < honest.extra["above_real_high"]
    assert honest.extra["ratio_of_medians"] == pytest.approx(1.0, abs=0.08)
    assert copied.extra["above_controls_high"] < 0.0 and copied.extra["above_real_high"] < 0.0
    assert score(METRIC, planted(1.0, 1)).value == 0.0


def test_scale_and_order_of_images_do_not_matter() -> None:
    data = planted(0.1, held_out=60, corpus=100, prompts=20)
    order = np.random.default_rng(0).permutation(len(data.corpus))
    shuffled = replace(data, corpus=data.corpus.take(order), shared={})
    assert score(METRIC, shuffled) == score(METRIC, data)


def test_private_real_images_are_stored_in_blocks() -> None:
    open_, private = (planted(0.1, held_out=200, private=flag) for flag in (False, True))
    measured = METRIC.measure(private)
    assert len(measured.arrays["real_values"]) == 5 and measured.arrays["real_size"].min() >= 40
    assert len(measured.arrays["values"]) == len(private.probes)
    one, other = score(METRIC, open_), score(METRIC, private)
    assert other.value == one.value and other.extra["real"] == pytest.approx(one.extra["real"])


def test_a_corpus_of_one_patient_is_a_reason() -> None:
    data = planted(0.0, held_out=40, corpus=30, prompts=10)
    assert "two patients" in str(METRIC.measure(replace(data, corpus=data.corpus.take([0, 1]), shared={})).reason)
