from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score, side
from planted_copies import images, planted

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.memorisation import ct_score
from chexgenbench.metrics.memorisation.ct_score import METRIC


def one_image_each(shift: float, n: int = 150, m: int = 130) -> MetricInput:
    """All images of different patients; generated ones are drawn towards training images by `shift`."""
    rng = np.random.default_rng(0)
    data = planted(0.0, held_out=2 * m, corpus=400, prompts=n)
    fresh = images(n, rng)
    pulled = (1 - shift) * fresh + shift * data.corpus.features[rng.integers(0, 400, n)]
    assert data.probes is not None
    drawn = side(pulled.astype(np.float32), prefix="g")
    return replace(
        data,
        reference=data.reference.take(np.arange(m) * 2),
        probes=replace(data.probes, images=drawn, target=np.arange(n)),
        shared={},
    )


@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_agrees_with_scipy_in_the_cells_of_scikit_learn(shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.stats import mannwhitneyu, norm
    from sklearn.cluster import KMeans
    from sklearn.metrics import pairwise_distances

    from chexgenbench.cells import Cells

    data = one_image_each(shift)
    means = KMeans(4, n_init=3, random_state=0).fit(data.corpus.features.astype(float))
    monkeypatch.setattr(ct_score, "_cells", lambda *_: Cells(means.cluster_centers_))
    distance, cell = {}, {}
    for name, features in (("q", data.probes.images.features), ("p", data.reference.features)):
        distance[name] = pairwise_distances(features.astype(float), data.corpus.features.astype(float)).min(axis=1)
        cell[name] = means.predict(features.astype(float))
    total, weights = 0.0, 0.0
    for each in range(4):
        q, p = distance["q"][cell["q"] == each], distance["p"][cell["p"] == each]
        if min(len(q), len(p)) < 8:
            continue
        test = mannwhitneyu(q, p, alternative="less", use_continuity=False, method="asymptotic")
        total, weights = total + len(p) * norm.ppf(test.pvalue), weights + len(p)
    assert score(METRIC, data).value == pytest.approx(total / weights)


def test_real_images_score_nought_copies_below_and_underfitting_above() -> None:
    honest, copied = score(METRIC, planted(0.0, 4)), score(METRIC, planted(0.3, 4))
    assert honest.low < 0.0 < honest.high and honest.extra["p_copying"] > 0.05
    assert copied.high < 0.0 and copied.extra["p_copying"] < 1e-3
    data = planted(0.0, 4)
    far = replace(data.probes.images, features=data.probes.images.features * np.float32(2.0))
    spread = score(METRIC, replace(data, probes=replace(data.probes, images=far), shared={}))
    assert spread.low > 0.0 and spread.extra["p_copying"] > 0.99


def test_copies_in_one_region_only_are_seen_there() -> None:
    everything = score(METRIC, planted(1.0, 4))
    assert everything.extra["farther"] == 0.0 and everything.low is None and everything.value < -4


def test_more_draws_of_the_same_prompts_are_no_new_evidence() -> None:
    data = planted(0.3, 5, draws=1)
    twice = data.probes.take(np.concatenate([np.arange(60), np.arange(60)]))
    one, other = score(METRIC, data), score(METRIC, replace(data, probes=twice))
    assert other.value == pytest.approx(one.value) and other.se == pytest.approx(one.se)


def test_private_held_out_images_are_stored_in_blocks_with_the_same_value() -> None:
    open_, private = (planted(0.1, 6, private=flag) for flag in (False, True))
    arrays = METRIC.measure(private).arrays
    assert len(arrays["held_out_influence"]) == 5 and arrays["held_out_size"].min() >= 40
    assert score(METRIC, private).value == score(METRIC, open_).value


def test_too_few_patients_are_a_reason() -> None:
    assert "8 held-out patients" in str(METRIC.measure(planted(0.0, held_out=10, corpus=40, prompts=20)).reason)


@pytest.mark.slow
def test_false_alarms_at_the_claimed_rate() -> None:
    found = [score(METRIC, planted(0.0, seed)) for seed in range(200)]
    assert 0.015 <= np.mean([each.extra["p_copying"] < 0.05 for each in found]) <= 0.10
    assert np.mean([each.low <= 0.0 <= each.high for each in found]) >= 0.90
