"""Trajectories on disk: streamed, gone on with after a stop, and what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from made_condensing import pictures, small_network
from torch.nn import functional

from data_splits.errors import UserError
from model_adapters.methods.artifact import file_hashes
from model_adapters.methods.satm.ascent import Ascent
from model_adapters.methods.satm.augment import KINDS, Augmentation
from model_adapters.methods.satm.experts import ExpertPlan, Experts

PLAN = ExpertPlan(2, 3, 0.1, 5)


def made(folder: Path, plan: ExpertPlan = PLAN, seed: int = 0) -> Experts:
    return Experts(folder, small_network(), *pictures(), plan, seed)


def test_stopped_anywhere_they_end_in_the_same_weights(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole")
    steps: list[int] = []
    whole.make(steps.append)
    assert steps == list(range(1, 9)) and whole.files == 8

    def stop(done: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    cut = made(tmp_path / "cut")
    with pytest.raises(KeyboardInterrupt):
        cut.make(stop)
    further: list[int] = []
    made(tmp_path / "cut").make(further.append)
    assert further == [7, 8]
    assert file_hashes(tmp_path / "cut") == file_hashes(tmp_path / "whole")
    assert not torch.equal(whole.theta(0, 3), whole.theta(1, 3))


def test_an_epoch_is_a_pass_of_plain_sgd(tmp_path: Path) -> None:
    found = made(tmp_path, replace(PLAN, count=1, epochs=1, batch=12))
    found.make()
    images, targets = pictures()
    start = found.theta(0, 0).requires_grad_()
    loss = functional.cross_entropy(small_network()(start, images), targets)
    (gradient,) = torch.autograd.grad(loss, start)
    torch.testing.assert_close(found.theta(0, 1), start.detach() - 0.1 * gradient)
    segment = found.segment(0, 0, 1)
    assert float(segment.loss(segment.first)) == pytest.approx(1.0) and float(segment.loss(segment.last)) == 0.0


def test_flat_experts_take_other_steps_and_learn(tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=12, rate=0.2)
    sharp, flat = made(tmp_path / "sgd", plan), made(tmp_path / "gsam", replace(plan, ascent=Ascent("gsam", 0.05)))
    for each in (sharp, flat):
        each.make()
        images, targets = pictures()
        losses = [float(functional.cross_entropy(small_network()(each.theta(0, k), images), targets)) for k in (0, 12)]
        assert losses[1] < 0.7 * losses[0]
    assert torch.equal(sharp.theta(0, 0), flat.theta(0, 0)) and not torch.allclose(sharp.theta(0, 1), flat.theta(0, 1))


def test_augmented_experts_are_gone_on_with_to_the_bit(tmp_path: Path) -> None:
    plan = replace(PLAN, augmentation=Augmentation(KINDS))
    whole = made(tmp_path / "whole", plan)
    whole.make()

    def stop(done: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "cut", plan).make(stop)
    made(tmp_path / "cut", plan).make()
    assert file_hashes(tmp_path / "cut") == file_hashes(tmp_path / "whole")
    plain = made(tmp_path / "plain")
    plain.make()
    assert torch.equal(plain.theta(0, 0), whole.theta(0, 0)) and not torch.equal(plain.theta(0, 1), whole.theta(0, 1))


def test_divergence_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Lower expert_rate"):
        made(tmp_path, replace(PLAN, rate=1e30, epochs=3)).make()
