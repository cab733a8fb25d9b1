from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_discs import QUICK, SIDE, STRUCTURES, discs

from data_splits.errors import UserError
from model_adapters.check import other_random_state
from model_adapters.predictors.unet import SegmentationRecipe, UNetSegmenter, masks_at


def pixels(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    images, masks = discs(n, seed)
    return np.rint(255 * images).astype(np.uint8), masks


def fitted(seed: int = 1, steps: int = 70) -> UNetSegmenter:
    segmenter = UNetSegmenter(STRUCTURES, replace(QUICK, least_steps=steps, most_steps=steps))
    segmenter.fit(*pixels(40, 0), seed)
    return segmenter


def test_it_learns_a_disc_and_the_ring_around_it() -> None:
    test, true = pixels(40, 9)
    found = fitted().predict(test)
    dice = 2 * (found & true).sum((0, 2, 3)) / (found.sum((0, 2, 3)) + true.sum((0, 2, 3)))
    assert dice[0] > 0.85 and dice[1] > 0.65, dice


def test_same_seed_same_weights_whatever_the_random_state_and_threads() -> None:
    one = fitted(steps=8).state()
    threads = torch.get_num_threads()
    with other_random_state():
        torch.set_num_threads(2)
        before = torch.get_rng_state()
        other = fitted(steps=8).state()
        assert torch.equal(before, torch.get_rng_state()), "the global random state is left alone"
        torch.set_num_threads(threads)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    third = fitted(seed=2, steps=8).state()
    assert not np.array_equal(one["head.weight"], third["head.weight"])


def test_masks_do_not_depend_on_the_batch_or_on_brightness_and_contrast() -> None:
    segmenter, (test, _) = fitted(), pixels(35, 9)
    whole = segmenter.predict(test)
    assert np.array_equal(whole[34:], segmenter.predict(test[34:]))
    dim = (test // 2 + 40).astype(np.uint8)
    assert (segmenter.predict(dim) == whole).mean() > 0.99
    assert segmenter.predict(np.full((2, SIDE, SIDE), 77, np.uint8)).shape == (2, 2, SIDE, SIDE)
    assert segmenter.predict(test[:0]).shape == (0, 2, SIDE, SIDE)


def test_weights_go_out_and_in() -> None:
    segmenter, (test, _) = fitted(steps=10), pixels(5, 9)
    again = UNetSegmenter(STRUCTURES, QUICK)
    with pytest.raises(UserError, match="not trained"):
        again.predict(test)
    again.load(segmenter.state())
    assert np.array_equal(again.predict(test), segmenter.predict(test))
    with pytest.raises(UserError):
        UNetSegmenter(("disc",), QUICK).load(segmenter.state())


def test_steps_grow_with_the_training_set_between_bounds() -> None:
    recipe = SegmentationRecipe()
    assert [recipe.steps(images) for images in (20, 400, 1000, 20_000)] == [300, 300, 750, 3000]


def test_images_and_masks_are_squashed_alike() -> None:
    mask = np.zeros((64, 128), bool)
    mask[16:48, 32:96] = True
    (small,) = masks_at([mask], 32)
    seen = UNetSegmenter((), QUICK).pixels([(mask * 255).astype(np.uint8)])[0]
    assert small.shape == (32, 32) and small.sum() == 16 * 16
    assert np.array_equal(seen >= 128, small)
    with pytest.raises(ValueError, match="structures"):
        UNetSegmenter(STRUCTURES, QUICK).fit(seen[None], small[None, None], 0)
