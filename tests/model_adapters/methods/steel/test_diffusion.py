from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from signs import stage_of

from model_adapters.methods.steel.diffusion import Diffusion, denoiser, draw_block, train_diffusion
from model_adapters.methods.steel.vectors import VectorFile, moments

HOW = Diffusion(noise_steps=20, train_steps=40, batch=32, rate=2e-3, width=32, save_every=10, seed=0)


def zoo_of(folder: Path) -> VectorFile:
    """Two narrow clusters at -(1, 1) and (1, 1): a normal distribution of the same moments fills what lies between."""
    rng = np.random.default_rng(0)
    centres = np.where(rng.random((200, 1)) < 0.5, -1.0, 1.0)
    file = VectorFile(folder / "zoo.f32", 2)
    file.write(0, (centres + 0.05 * rng.standard_normal((200, 2))).astype(np.float32))
    return file


def test_draws_come_from_the_zoos_clusters_and_not_from_between(tmp_path: Path) -> None:
    zoo = zoo_of(tmp_path)
    known, how = moments(zoo), replace(HOW, train_steps=400, rate=4e-3)
    network = train_diffusion(zoo, known, how, tmp_path, stage_of(tmp_path / "c"))
    draws = known.restored(draw_block(network, 2, 250, 0, how))
    near = np.abs(np.abs(draws) - 1.0).max(axis=1) < 0.35
    assert near.mean() > 0.8 and (np.sign(draws[:, 0]) == np.sign(draws[:, 1])).mean() > 0.95
    assert 0.3 < (draws[:, 0] > 0).mean() < 0.7
    normal = known.restored(np.random.default_rng(0).standard_normal((250, 2)))
    assert (np.abs(np.abs(normal) - 1.0).max(axis=1) < 0.35).mean() < 0.4


def test_a_killed_training_ends_in_the_same_weights(tmp_path: Path) -> None:
    zoo = zoo_of(tmp_path)
    known, told = moments(zoo), []  # type: ignore[var-annotated]
    whole = train_diffusion(zoo, known, HOW, tmp_path / "whole", stage_of(tmp_path / "c"))

    class Stop(Exception):
        pass

    class Stage:
        def tell(self, done: int) -> None:
            told.append(done)
            if done == 2:
                raise Stop

    with pytest.raises(Stop):
        train_diffusion(zoo, known, HOW, tmp_path / "cut", Stage())  # type: ignore[arg-type]
    with torch.random.fork_rng():
        torch.manual_seed(99)
        again = train_diffusion(zoo, known, HOW, tmp_path / "cut", stage_of(tmp_path / "d", told=told))
    assert told == [1, 2, 3, 4] and HOW.stage_steps == 4
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert (one == other).all()


def test_draws_follow_from_seed_and_block_alone() -> None:
    network = denoiser(3, HOW)
    first = draw_block(network, 3, 10, 0, HOW)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        assert (draw_block(network, 3, 10, 0, HOW) == first).all()
    assert not (draw_block(network, 3, 10, 1, HOW) == first).any()
    assert not (draw_block(network, 3, 10, 0, replace(HOW, seed=1)) == first).any()
