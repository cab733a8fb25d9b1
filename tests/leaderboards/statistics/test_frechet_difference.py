"""Do 95 % intervals of the difference of two Frechet distances hold the populations' difference?

Two generators are compared on one real set; images of a patient are alike, and both models share their prompts' part.
Populations are Gaussian, so the true difference is known. The negative controls are an interval that takes images for
independent, one around the plain difference where the two models' biases differ, and two intervals put side by side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from leaderboards.statistics.blocks import paired_blocks
from leaderboards.statistics.frechet import frechet, frechet_difference

D = 32


class World(NamedTuple):
    """Per-dimension standard deviations of both models, and their shifts; reality has 1/sqrt(k) and none."""

    spread: tuple[float, float]
    shift: tuple[float, float]

    def truth(self) -> float:
        k = np.arange(1, D + 1)
        gaps = [((s - 1) ** 2 / k).sum() + D * m**2 for s, m in zip(self.spread, self.shift, strict=True)]
        return float(gaps[0] - gaps[1])


ALIKE = World((1.1, 1.1), (0.05, 0.05))
APART = World((1.1, 1.6), (0.05, 0.1))


def draw(world: World, seed: int, patients: int, images: int, by_patient: bool = True) -> list[dict[str, np.ndarray]]:
    """Arrays of both models: half of an image is its patient's, of generated ones the same half for both models."""
    rng = np.random.default_rng((seed, patients, images))
    scale = 1 / np.sqrt(np.arange(1, D + 1))

    def side(spread: float, shift: float, common: np.ndarray) -> np.ndarray:
        own = rng.normal(size=(patients, images, D))
        return ((0.7 * common + np.sqrt(1 - 0.49) * own) * scale * spread + shift).reshape(-1, D).astype(np.float32)

    real = side(1.0, 0.0, rng.normal(size=(patients, 1, D)))
    common = rng.normal(size=(patients, 1, D))
    drawn = [side(s, m, common) for s, m in zip(world.spread, world.shift, strict=True)]
    names = np.repeat(np.arange(patients), images) if by_patient else np.arange(patients * images)
    blocks = paired_blocks(names.astype(str), names.astype(str), 40, seed)
    shared = {"generated_block": blocks[0], "reference": real, "reference_block": blocks[1]}
    return [{"generated": each, **shared} for each in drawn]


def covered(world: World, repeats: int, patients: int = 150, images: int = 4, by_patient: bool = True) -> float:
    held = []
    for seed in range(repeats):
        found = frechet_difference(*draw(world, seed, patients, images, by_patient))
        assert found.low is not None and found.high is not None, found.interval_reason
        held.append(found.low <= world.truth() <= found.high)
    return float(np.mean(held))


def test_the_difference_of_one_model_and_itself_is_nothing() -> None:
    a, _ = draw(ALIKE, 0, 60, 2)
    found = frechet_difference(a, a)
    assert (found.value, found.low, found.high, found.se) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("world", [ALIKE, APART])
def test_intervals_cover(world: World) -> None:
    assert 0.91 <= covered(world, 200) <= 1.0


@pytest.mark.slow
def test_control_images_of_a_patient_taken_for_independent_do_not_cover() -> None:
    shifted = World((1.1, 1.6), (0.0, 0.4))
    assert covered(shifted, 100, patients=60, images=20, by_patient=False) < 0.75
    assert covered(shifted, 100, patients=60, images=20) >= 0.89


@pytest.mark.slow
def test_control_the_plain_difference_is_biased_where_the_models_biases_differ() -> None:
    """Same width, centred on the plain difference: a model that draws narrowly has a distance of little bias."""
    narrow, held = World((1.0, 0.5), (0.0, 0.0)), []
    for seed in range(100):
        found = frechet_difference(*draw(narrow, seed, 60, 1))
        assert found.low is not None and found.high is not None and found.value is not None
        plain = abs(found.value - narrow.truth()) <= (found.high - found.low) / 2
        held.append((plain, found.low <= narrow.truth() <= found.high))
    assert np.mean(held, axis=0)[0] < 0.6 < 0.91 <= np.mean(held, axis=0)[1]


@pytest.mark.slow
def test_control_two_intervals_side_by_side_miss_differences_that_pairing_finds() -> None:
    world = World((1.1, 1.1), (0.05, 0.07))
    found = apart = 0
    for seed in range(60):
        a, b = draw(world, seed, 150, 2)
        paired = frechet_difference(a, b)
        found += paired.high is not None and paired.high < 0
        one, other = frechet(a), frechet(b)
        apart += one.high < other.low  # type: ignore[operator]
    assert found > 2 * apart and found > 30
