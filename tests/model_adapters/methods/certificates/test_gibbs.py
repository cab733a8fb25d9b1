from pathlib import Path

import numpy as np
from signs import axes_pool, random_sample, stage_of

from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.certificates.gibbs import block_count, draw, drawn_losses
from model_adapters.methods.certificates.posterior import Posterior


def test_losses_are_those_of_the_draws_and_blocks_are_read_back(tmp_path: Path) -> None:
    space, sample = Coefficients(axes_pool(tmp_path), "task"), random_sample(25)
    rows, around = np.array([3, 7, 20]), Posterior(np.array([0.5, 0.1, -0.3]), 0.4)
    told: list[int] = []
    found = drawn_losses(space, sample, rows, around, 45, 7, stage_of(tmp_path / "c", told=told))
    assert found.shape == (45, 3) and told == [1, 2, 3] and block_count(45) == 3
    for number in (0, 20, 44):
        expected = sample.errors({"w": space.model(draw(around, 7, number))["w"]}, rows)
        assert found[number].tolist() == expected.tolist()
    further: list[int] = []
    again = drawn_losses(space, sample, rows, around, 45, 7, stage_of(tmp_path / "c", told=further))
    assert further == [] and (again == found).all()


def test_draws_have_the_posteriors_mean_and_scale() -> None:
    around = Posterior(np.array([0.5, -1.0]), 0.2)
    draws = np.stack([draw(around, 0, number) for number in range(2000)])
    assert np.abs(draws.mean(axis=0) - around.mean).max() < 4 * 0.2 / np.sqrt(2000)
    assert abs(draws.std() / np.hypot(0.2, 0.75) - 1) < 0.02
