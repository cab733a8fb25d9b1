from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score
from planted_copies import planted

from chexgenbench.metrics.memorisation.authpct import METRIC, authentic


def published(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """Alaa et al. by all pairs of float64 distances; every other image counts as a neighbour."""
    from sklearn.metrics import pairwise_distances

    within = pairwise_distances(real.astype(float))
    np.fill_diagonal(within, np.inf)
    across = pairwise_distances(generated.astype(float), real.astype(float))
    return across.min(axis=1) > within.min(axis=1)[across.argmin(axis=1)]


def test_image_level_is_the_published_definition() -> None:
    data = planted(0.2, held_out=60, corpus=150, prompts=40)
    expected = published(data.corpus.features, data.probes.images.features)
    assert np.array_equal(authentic(data, data.probes.images, image_level=True), expected)
    assert 0.1 < expected.mean() < 0.9
    # Where no patient has two images, ours is the same.
    alone = replace(data, corpus=data.corpus.take(np.arange(75) * 2), shared={})
    assert np.array_equal(
        authentic(alone, data.probes.images), published(alone.corpus.features, data.probes.images.features)
    )


def test_follow_ups_make_copies_authentic_as_published_and_not_here() -> None:
    data = planted(1.0, held_out=60, corpus=100, prompts=20, noise=0.05)
    twin = data.corpus.features.copy()
    twin[1::2] = twin[::2] + np.float32(1e-3)
    close = replace(data, corpus=replace(data.corpus, features=twin), shared={})
    assert authentic(close, data.probes.images, image_level=True).all()
    assert not authentic(close, data.probes.images).any()


def test_value_is_a_percentage_beside_that_of_real_images() -> None:
    honest, copied = score(METRIC, planted(0.0, 7)), score(METRIC, planted(0.5, 7))
    assert honest.extra["above_real_low"] < 0.0 < honest.extra["above_real_high"]
    assert 30.0 < honest.extra["real"] < 95.0
    assert copied.extra["above_real_high"] < 0.0 and copied.extra["above_controls_high"] < 0.0
    assert score(METRIC, planted(1.0, 7)).value == 0.0


def test_private_real_images_are_stored_in_blocks() -> None:
    measured = METRIC.measure(planted(0.1, private=True))
    assert len(measured.arrays["real_values"]) == 5 and measured.arrays["real_size"].min() >= 40
    assert score(METRIC, planted(0.1, private=True)).extra["real"] == pytest.approx(
        score(METRIC, planted(0.1)).extra["real"]
    )
