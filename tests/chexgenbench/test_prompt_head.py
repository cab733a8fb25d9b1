"""The map from image feature to prompt embedding against scikit-learn, and the choice of its penalty."""

from __future__ import annotations

import numpy as np
import pytest

from chexgenbench.prompt_head import PENALTIES, PromptHead, unit
from leaderboards.statistics.blocks import patient_blocks
from tests.support.made_prompts import World


def pairs(n: int, noise: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    world = World(seed, noise)
    cases = world.cases(n, "f", per_patient=2)
    return world.features(cases), world.embeddings(cases), np.array([case.patient for case in cases])


@pytest.mark.parametrize(
    "n", [60, 300]
)  # more dimensions than images in the folds needs the dual form, else the primal
def test_same_map_as_scikit_learn(n: int) -> None:
    from sklearn.linear_model import Ridge

    features, texts, patients = pairs(n)
    wide = np.concatenate([features, np.random.default_rng(1).normal(size=(n, 80)).astype(np.float32)], axis=1)
    head = PromptHead.fit(wide, texts, patients)
    assert isinstance(head, PromptHead)
    z = (wide - wide.mean(0, dtype=float)) / wide.std(0, dtype=float)
    ridge = Ridge(alpha=head.penalty).fit(z, texts.astype(float))
    other = (np.random.default_rng(2).normal(size=(7, 120)) * 3).astype(np.float32)
    expected = unit(
        ridge.predict((other - wide.mean(0, dtype=float)) / wide.std(0, dtype=float)) - texts.mean(0, dtype=float)
    )
    np.testing.assert_allclose(head.directions(other), expected, atol=1e-6)
    np.testing.assert_allclose(head.targets(texts[:3]), unit(texts[:3].astype(float) - texts.mean(0, dtype=float)))


def test_penalty_is_the_best_on_unseen_patients() -> None:
    """The same choice by scikit-learn over the same folds of whole patients."""
    from sklearn.linear_model import Ridge

    features, texts, patients = pairs(160, 6.0, seed=3)
    head = PromptHead.fit(features, texts, patients)
    assert isinstance(head, PromptHead)
    fold = patient_blocks(patients, 5)
    cosines = []
    for penalty in PENALTIES:
        total = 0.0
        for held in (fold == each for each in range(5)):
            x, t = features[~held].astype(float), texts[~held].astype(float)
            ridge = Ridge(alpha=penalty).fit((x - x.mean(0)) / x.std(0), t)
            drawn = ridge.predict((features[held] - x.mean(0)) / x.std(0)) - t.mean(0)
            total += float((unit(drawn) * unit(texts[held] - t.mean(0))).sum())
        cosines.append(total / 160)
    assert head.penalty == PENALTIES[int(np.argmax(cosines))]
    assert head.cosine == pytest.approx(max(cosines), abs=1e-9)


def test_cosine_tells_a_relation_from_none() -> None:
    features, texts, patients = pairs(300)
    real = PromptHead.fit(features, texts, patients)
    shuffled = PromptHead.fit(features, texts[np.random.default_rng(0).permutation(300)], patients)
    assert isinstance(real, PromptHead)
    assert isinstance(shuffled, PromptHead)
    assert real.cosine > 0.85
    assert abs(shuffled.cosine) < 0.12


def test_order_of_images_moves_rounding_only_and_repeats_are_identical() -> None:
    features, texts, patients = pairs(120)
    head, again = PromptHead.fit(features, texts, patients), PromptHead.fit(features, texts, patients)
    assert isinstance(head, PromptHead)
    assert isinstance(again, PromptHead)
    np.testing.assert_array_equal(head.weight, again.weight)
    order = np.random.default_rng(0).permutation(120)
    turned = PromptHead.fit(features[order], texts[order], patients[order])
    assert isinstance(turned, PromptHead)
    np.testing.assert_allclose(turned.directions(features[:5]), head.directions(features[:5]), atol=1e-8)


def test_a_constant_feature_is_harmless_and_too_little_data_is_told() -> None:
    features, texts, patients = pairs(120)
    features[:, 3] = 5
    head = PromptHead.fit(features, texts, patients)
    assert isinstance(head, PromptHead)
    assert np.isfinite(head.directions(features)).all()
    assert "49 training pairs" in str(PromptHead.fit(features[:49], texts[:49], patients[:49]))
    one = np.array(["p"] * 120)
    assert "120 training pairs of 1 patients" in str(PromptHead.fit(features, texts, one))


def test_unit_leaves_zeros() -> None:
    np.testing.assert_array_equal(unit(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0.0, 0.0]])
