"""The learning loop: it lowers what it matches, stays within grey levels, and goes on after a stop to the bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_condensing import experts_in, pictures, small_settings

from data_splits.errors import UserError
from model_adapters.methods.satm.condense import Condensed, condense, descend, saved_states
from model_adapters.methods.satm.matching import Slopes

BOUNDS = (-1.5, 2.5)
TARGETS = torch.tensor([0, 0, 1, 1])


def begin() -> torch.Tensor:
    return pictures()[0][[0, 2, 1, 3]]


@pytest.mark.parametrize("method", ["satm", "sam-mtt", "mtt", "truncated", "ftd"])
def test_every_method_brings_training_closer_to_the_experts(tmp_path: Path, method: str) -> None:
    settings = small_settings(method=method, iterations=40, expert_rate=0.3, start_before=1, rate=0.5, rho=0.3)
    found = condense(experts_in(tmp_path, settings), TARGETS, begin(), BOUNDS, settings, 0)
    assert np.mean(found.losses[-10:]) < 0.85 * np.mean(found.losses[:2])
    assert found.images.min() >= BOUNDS[0] and found.images.max() <= BOUNDS[1]
    assert not torch.equal(found.images, begin()) and len(found.steps) == 40
    assert settings.least_step <= found.step <= settings.most_step
    assert torch.equal(found.mean, found.images) is (settings.decay == 0.0)


def test_stopped_anywhere_it_ends_in_the_same_images(tmp_path: Path) -> None:
    more = {"inner_batch": 3, "smoothing": 0.1, "average": 0.5, "augment": "dsa"}
    settings = small_settings(iterations=5, step_rule="gradient", **more)
    experts = experts_in(tmp_path / "experts", settings)
    whole = condense(experts, TARGETS, begin(), BOUNDS, settings, 3, tmp_path / "whole.safetensors")

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "cut.safetensors"
    with pytest.raises(KeyboardInterrupt):
        condense(experts, TARGETS, begin(), BOUNDS, settings, 3, path, stop)
    assert len(Condensed.read(path, "cpu").losses) == 2
    steps: list[int] = []
    cut = condense(experts, TARGETS, begin(), BOUNDS, settings, 3, path, steps.append)
    assert steps == [2, 3] and saved_states(settings) == 3
    assert path.read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    assert cut.losses == whole.losses and cut.steps == whole.steps and torch.equal(cut.mean, whole.mean)
    assert len(set(cut.steps)) > 1
    other = condense(experts, TARGETS, begin(), BOUNDS, settings, 4)
    assert not torch.equal(other.images, whole.images)


@pytest.mark.parametrize(("rule", "expected"), [("fixed", 0.05), ("closed-form", 0.095), ("gradient", 0.0525)])
def test_rules_of_the_step_size(rule: str, expected: float) -> None:
    """The best step is 0.5, a tenth of the way to it; the slope -10 times the step 0.05, cut at half, a tenth of it."""
    state = Condensed.start(begin(), 0.05)
    found = Slopes(1.0, torch.zeros(4, 1, 8, 8), -10.0, 0.5)
    descend(state, found, small_settings(step_rule=rule), BOUNDS)
    assert state.step == pytest.approx(expected) and state.steps == [state.step] and state.losses == [1.0]


def test_images_descend_with_momentum_clipped_and_within_grey_levels() -> None:
    state, start = Condensed.start(torch.zeros(4, 1, 8, 8), 0.05), torch.zeros(4, 1, 8, 8)
    slope = torch.ones(4, 1, 8, 8)
    settings = small_settings(clip=8.0, rate=0.1, momentum=0.5)
    descend(state, Slopes(1.0, slope, 0.0, 0.05), settings, BOUNDS)
    torch.testing.assert_close(state.images, start - 0.1 * 0.5)
    descend(state, Slopes(1.0, slope, 0.0, 0.05), settings, BOUNDS)
    torch.testing.assert_close(state.images, start - 0.1 * (0.5 + 0.75))
    descend(state, Slopes(1.0, 1e6 * slope, 0.0, 0.05), small_settings(clip=1e6, rate=1.0), BOUNDS)
    assert torch.equal(state.images, torch.full((4, 1, 8, 8), BOUNDS[0]))


def test_augmented_images_are_others_and_teach_too(tmp_path: Path) -> None:
    settings = small_settings(iterations=40, expert_rate=0.3, start_before=1, rate=0.5, rho=0.3, augment="crop,color")
    experts = experts_in(tmp_path, settings)
    found = condense(experts, TARGETS, begin(), BOUNDS, settings, 0)
    assert np.mean(found.losses[-10:]) < 0.9 * np.mean(found.losses[:2])
    plain = condense(experts, TARGETS, begin(), BOUNDS, replace(settings, augment="none"), 0)
    assert not torch.allclose(found.images, plain.images, atol=1e-3)


def test_divergence_is_told(tmp_path: Path) -> None:
    settings = small_settings(least_step=1e30, most_step=1e31, expert_rate=0.05, step_rule="closed-form")
    with pytest.raises(UserError, match=r"diverged in iteration \d"):
        condense(experts_in(tmp_path, settings), TARGETS, begin(), BOUNDS, settings, 0)
