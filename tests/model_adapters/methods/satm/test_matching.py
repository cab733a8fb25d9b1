"""Derivatives of the matching loss: by finite differences, by closed form, and what a truncation leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from made_condensing import pictures, small_network

from model_adapters.methods.satm.ascent import Ascent
from model_adapters.methods.satm.inner import ALL, walk
from model_adapters.methods.satm.matching import Matching, Segment

STEPS = 6
NETWORK = small_network("mlp:6")
IMAGES, TARGETS = (each[:4].double() if each.is_floating_point() else each[:4] for each in pictures())
PASSES = [ALL] * STEPS
STEP = 0.3


def real_segment() -> Segment:
    """From a fresh network to where ten steps on all real images lead."""
    images, targets = pictures()
    start = NETWORK.start(torch.Generator().manual_seed(0)).double()
    return Segment(start, walk(NETWORK, start, images.double(), targets, STEP, [ALL] * 10, graph=False).theta)


SEGMENT = real_segment()


def loss(images: torch.Tensor, step: float = STEP) -> float:
    end = walk(NETWORK, SEGMENT.first, images, TARGETS, step, PASSES, graph=False)
    return float(SEGMENT.loss(end.theta))


def test_whole_derivative_is_that_of_finite_differences() -> None:
    found = Matching(NETWORK, TARGETS, STEPS).slopes(SEGMENT, IMAGES, STEP, PASSES)
    assert found.loss == pytest.approx(loss(IMAGES))
    direction = torch.randn(IMAGES.shape, generator=torch.Generator().manual_seed(2)).double()
    h = 1e-5
    slope = (loss(IMAGES + h * direction) - loss(IMAGES - h * direction)) / (2 * h)
    assert float((found.by_images * direction).sum()) == pytest.approx(slope, rel=1e-4)
    slope = (loss(IMAGES, STEP + h) - loss(IMAGES, STEP - h)) / (2 * h)
    assert found.by_step == pytest.approx(slope, rel=1e-4)


def test_more_kept_steps_come_closer_to_the_whole_derivative() -> None:
    whole = Matching(NETWORK, TARGETS, STEPS).slopes(SEGMENT, IMAGES, STEP, PASSES).by_images
    far = [
        float((Matching(NETWORK, TARGETS, kept).slopes(SEGMENT, IMAGES, STEP, PASSES).by_images - whole).norm())
        for kept in (1, 3, 5)
    ]
    assert far[0] > far[1] > far[2] > 1e-6 and far[2] < 0.5 * float(whole.norm())


def test_step_sizes_with_gradients_held_fixed() -> None:
    """One inner step: its gradient does not depend on alpha, so both forms are exact."""
    found = Matching(NETWORK, TARGETS, 1).slopes(SEGMENT, IMAGES, STEP, [ALL])
    gradient = walk(NETWORK, SEGMENT.first, IMAGES, TARGETS, 0.0, [ALL], graph=False).total
    end = SEGMENT.first - STEP * gradient
    held = -2 * float(((end - SEGMENT.last) * gradient).sum() / SEGMENT.length)
    assert found.by_step == pytest.approx(held, rel=1e-9)
    at = [float(SEGMENT.loss(SEGMENT.first - (found.best_step + h) * gradient)) for h in (-1e-3, 0.0, 1e-3)]
    assert at[1] < at[0] and at[1] < at[2]
    truncated = Matching(NETWORK, TARGETS, 2).slopes(SEGMENT, IMAGES, STEP, PASSES)
    walked = walk(NETWORK, SEGMENT.first, IMAGES, TARGETS, STEP, PASSES, graph=False)
    expected = -2 * float(((walked.theta - SEGMENT.last) * walked.total).sum() / SEGMENT.length)
    assert truncated.by_step == pytest.approx(expected, rel=1e-9) and truncated.loss == pytest.approx(loss(IMAGES))


def test_ascent_takes_the_gradient_at_the_perturbed_images() -> None:
    plain = Matching(NETWORK, TARGETS, STEPS)
    ascent = Ascent("sam", 0.7)
    found = replace(plain, ascent=ascent).slopes(SEGMENT, IMAGES, STEP, PASSES)
    at = plain.slopes(SEGMENT, IMAGES, STEP, PASSES)
    moved = IMAGES + ascent.perturbation(at.by_images, IMAGES)
    torch.testing.assert_close(found.by_images, plain.slopes(SEGMENT, moved, STEP, PASSES).by_images)
    assert (found.loss, found.by_step, found.best_step) == (at.loss, at.by_step, at.best_step)
    assert loss(moved) > loss(IMAGES)


def test_truncated_ascent_starts_again_from_the_stored_state() -> None:
    """The first steps are not repeated on phi + eps: as if the segment began at what they reached on phi."""
    cut = Matching(NETWORK, TARGETS, 2, Ascent("sam", 0.7)).slopes(SEGMENT, IMAGES, STEP, PASSES)
    stored = walk(NETWORK, SEGMENT.first, IMAGES, TARGETS, STEP, PASSES[:4], graph=False).theta
    later = Segment(stored, SEGMENT.last)
    short = Matching(NETWORK, TARGETS, 2, Ascent("sam", 0.7)).slopes(later, IMAGES, STEP, PASSES[:2])
    torch.testing.assert_close(cut.by_images, short.by_images * (later.length / SEGMENT.length))
