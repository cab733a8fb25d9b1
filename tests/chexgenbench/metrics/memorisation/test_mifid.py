from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_features import score, side
from planted_copies import images, planted

from chexgenbench.metrics.memorisation.mifid import METRIC, cosine_distances
from chexgenbench.projection import Projection


def test_cosine_distances_agree_with_scikit_learn_for_any_sign() -> None:
    from sklearn.metrics.pairwise import cosine_similarity

    rng = np.random.default_rng(0)
    for shift in (0.0, 5.0):
        one, other = (rng.normal(shift, 1.0, (n, 20)).astype(np.float32) for n in (40, 300))
        expected = (1 - np.abs(cosine_similarity(one.astype(float), other.astype(float)))).min(axis=1)
        assert np.allclose(cosine_distances(one, other), expected, atol=1e-6)


def test_features_of_length_nought_have_distance_one_and_copies_nought() -> None:
    corpus = images(50, np.random.default_rng(1))
    corpus[7] = 0.0
    queries = np.concatenate([corpus[:3], np.zeros((1, corpus.shape[1]), np.float32), -corpus[3:4], 2 * corpus[4:5]])
    assert np.allclose(cosine_distances(queries, corpus), [0, 0, 0, 1, 0, 0], atol=1e-7)


def test_published_value_is_that_of_torchmetrics_with_the_sides_exchanged() -> None:
    """It averages over the images it is given as real; the Frechet distance does not mind the exchange."""
    from torchmetrics.image.mifid import MemorizationInformedFrechetInceptionDistance

    rng = np.random.default_rng(2)
    for scale in (0.02, 1.0):  # a mean cosine distance below 0.1 and one above
        real = (1.0 + scale * rng.normal(size=(300, 8))).astype(np.float32)
        fake = (1.0 + scale * rng.normal(0.2, 1.0, size=(300, 8))).astype(np.float32)
        theirs = MemorizationInformedFrechetInceptionDistance(feature=torch.nn.Identity(), normalize=True)
        theirs.update(torch.from_numpy(fake), real=True)
        theirs.update(torch.from_numpy(real), real=False)
        train = side(real, prefix="t")
        data = replace(
            planted(0.0),
            generated=side(fake, prefix="g", source="enc.generated"),
            reference=side(real, prefix="r", source="enc.reference"),
            corpus=train,
            train=train,
            projection=Projection.fit(real),
            shared={},
        )
        found = score(METRIC, data)
        assert found.extra["published"] == pytest.approx(float(theirs.compute()), rel=1e-4)


def test_copies_are_fined_and_honest_images_are_not() -> None:
    data = planted(0.0, 3)
    honest = score(METRIC, data)
    assert honest.extra["penalty"] == pytest.approx(1.0, abs=0.06)
    copied = data.corpus.features[np.arange(len(data.generated)) % len(data.corpus)].copy()
    copied[::2] = data.generated.features[::2]
    half = score(METRIC, replace(data, generated=replace(data.generated, features=copied)))
    assert half.extra["penalty"] == pytest.approx(0.5, abs=0.08)
    assert half.value == pytest.approx(half.extra["frechet"] / half.extra["penalty"])


def test_private_real_images_are_stored_in_blocks() -> None:
    arrays = METRIC.measure(planted(0.0, private=True)).arrays
    assert len(arrays["real_values"]) == 5 and "reference" not in arrays and len(arrays["cosine_values"]) == 200
