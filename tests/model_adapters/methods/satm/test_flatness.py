"""Flatness against its definition, and what images are worth to a network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_condensing import experts_in, pictures, small_network, small_settings

from model_adapters.methods.satm.ascent import Ascent
from model_adapters.methods.satm.augment import Augmentation
from model_adapters.methods.satm.flatness import accuracy, flatness, perturbed, trained
from model_adapters.methods.satm.inner import ALL, walk
from model_adapters.methods.satm.matching import Matching

IMAGES, TARGETS = pictures()


def test_gap_is_what_one_ascent_step_costs(tmp_path: Path) -> None:
    settings = small_settings(experts=1, start_before=1)
    experts = experts_in(tmp_path, settings)
    some, wanted = IMAGES[:4], TARGETS[:4]
    found = flatness(experts, some, wanted, 0.2, settings, rho=0.5)
    segment, passes = experts.segment(0, 0, 1), [ALL] * 4
    slopes = Matching(experts.network, wanted, 4).slopes(segment, some, 0.2, passes)
    moved = some + Ascent("sam", 0.5).perturbation(slopes.by_images, some)
    above = float(segment.loss(walk(experts.network, segment.first, moved, wanted, 0.2, passes, graph=False).theta))
    assert found.loss == pytest.approx(slopes.loss) and found.gap == pytest.approx(above - slopes.loss)
    assert found.gap > 0
    assert flatness(experts, some, wanted, 0.2, settings, rho=0.0).gap == pytest.approx(0.0, abs=1e-6)


def test_accuracy_is_the_mean_over_classes() -> None:
    network = small_network("mlp:8")
    always = torch.zeros(network.size)
    always[-2:] = torch.tensor([1.0, 0.0])
    targets = torch.tensor([0] * 9 + [1] * 3)
    assert accuracy(network, always, IMAGES, targets) == 0.5
    theta = trained(network, IMAGES, TARGETS, 0.3, 60, seed=0)
    assert accuracy(network, theta, IMAGES, TARGETS) == 1.0
    assert torch.equal(theta, trained(network, IMAGES, TARGETS, 0.3, 60, seed=0))
    changed = trained(network, IMAGES, TARGETS, 0.3, 60, 0, Augmentation(("crop",)))
    assert not torch.equal(changed, theta) and accuracy(network, changed, IMAGES, TARGETS) > 0.7
    assert torch.equal(changed, trained(network, IMAGES, TARGETS, 0.3, 60, 0, Augmentation(("crop",))))
    moved = perturbed(IMAGES, 0.5, seed=1)
    assert float((moved - IMAGES).std()) == pytest.approx(0.5, rel=0.05)
