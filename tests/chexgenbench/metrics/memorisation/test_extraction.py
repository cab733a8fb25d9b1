from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_asked import asked
from made_features import score, side
from textures import flat, textures

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.memorisation.extraction import METRIC, PUBLISHED, first_of_largest_group

REAL = flat(textures(80, seed=1))
FRESH = flat(textures(320, seed=2)).reshape(80, 4, -1)
NOISE = np.random.default_rng(3).normal(0, 0.01, FRESH.shape)


def data(memorised: int, fresh: np.ndarray = FRESH) -> MetricInput:
    """40 probes, of which some give back their training image in three of four draws; 40 controls that do not."""
    drawn = fresh.copy()
    drawn[:memorised, :3] = REAL[:memorised, None] + NOISE[:memorised, :3]
    some = side(REAL[:5])
    return MetricInput(
        some, some, "grey64", 7, probes=asked(drawn[:40], REAL[:40]), controls=asked(drawn[40:], REAL[40:], "c")
    )


@pytest.mark.parametrize("memorised", [0, 6, 40])
def test_memorised_prompts_are_found_and_no_others(memorised: int) -> None:
    found = score(METRIC, data(memorised))
    assert found.value == pytest.approx(memorised / 40, abs=1 / 40)
    assert found.extra["false_alarm"] == pytest.approx(1 / 41)
    assert found.extra["copies_low"] <= memorised / 40 <= found.extra["copies_high"] + 1e-3


def test_a_generator_that_always_draws_one_image_is_not_accused() -> None:
    """All its draws are cliques; 1 in 41 prompts is called extracted by mistake, whatever it draws."""
    found = score(METRIC, data(0, np.broadcast_to(FRESH[0, 0], FRESH.shape)))
    assert found.value is not None and found.value <= 2 / 40


def test_two_copies_are_no_clique() -> None:
    drawn = FRESH.copy()
    drawn[:40, :2] = REAL[:40, None]
    found = score(METRIC, replace(data(0), probes=asked(drawn[:40], REAL[:40])))
    assert found.extra["copies_low"] == 0.0 and found.value is not None and found.value < 0.25


def test_false_alarms_come_as_often_as_claimed() -> None:
    """Prompts of one kind divided at random into probes and controls, 300 times."""
    prompts = asked(FRESH, REAL)
    from chexgenbench.metrics.memorisation.extraction import distances
    from leaderboards.statistics.calibrated_rate import level_of

    rng, all_of_them, shares = np.random.default_rng(0), -distances(prompts), []
    for _ in range(300):
        order = rng.permutation(80)
        level, _ = level_of(all_of_them[order[:40]])
        shares.append((all_of_them[order[40:]] > level).mean())
    assert np.mean(shares) == pytest.approx(1 / 41, abs=0.006)


def test_what_it_needs_is_said() -> None:
    few = data(0)
    assert few.controls is not None and few.probes is not None
    fewer = few.controls.take(np.flatnonzero(few.controls.target < 10))
    assert "held-out prompts" in (METRIC.measure(replace(few, controls=fewer)).reason or "")
    twice = few.probes.take(np.flatnonzero(few.probes.draw < 2))
    assert "2 draws" in (METRIC.measure(replace(few, probes=twice)).reason or "")
    other = side(np.zeros((5, 10)))
    assert "grey64" in (METRIC.measure(replace(few, generated=other)).reason or "")


def test_the_published_group_is_connected_not_a_clique() -> None:
    near = np.zeros((6, 6), bool)
    for one, other in ((1, 2), (2, 3), (4, 5)):
        near[one, other] = near[other, one] = True
    assert first_of_largest_group(near) == 1
    near[2, 3] = near[3, 2] = False
    assert first_of_largest_group(near) is None


def test_the_published_threshold_takes_strangers_for_copies() -> None:
    """Flat images 40 grey levels apart: tile distance 40/255 * sqrt(56 * 56 * 3) = 15.2 < 20. At 60 it is 22.8."""
    for gap, expected in ((40, 1.0), (60, 0.0)):
        pixels = (np.full((3, 3, 30, 40), 100, np.uint8), np.full((3, 30, 40), 100 + gap, np.uint8))
        probes = asked(np.zeros((3, 3, 2)), np.zeros((3, 2)), images=pixels)
        found = score(PUBLISHED, replace(data(0), probes=probes))
        assert found.value == expected and found.interval_reason


def test_the_published_variant_needs_pixels() -> None:
    assert "pixels" in (PUBLISHED.measure(data(0)).reason or "")
