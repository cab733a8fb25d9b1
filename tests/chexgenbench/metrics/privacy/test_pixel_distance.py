from __future__ import annotations

from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from made_asked import asked
from made_features import score, side

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.privacy.pixel_distance import METRIC, PUBLISHED, squashed, wrapped_distance

RNG = np.random.default_rng(0)


def data(gap: float, n: int = 20) -> MetricInput:
    """Draws `gap` grey levels brighter than the real image of their prompt; held-out ones 50."""
    real = RNG.uniform(0.2, 0.5, (n, 4096))
    some = side(np.zeros((3, 4096)))
    probes, controls = (
        asked(np.repeat(real[:, None] + each / 255, 4, axis=1), real, prefix)
        for each, prefix in ((gap, "p"), (50.0, "c"))
    )
    return MetricInput(some, some, "grey64", 7, probes=probes, controls=controls)


def test_is_the_root_mean_square_in_grey_levels() -> None:
    found = score(METRIC, data(20.0))
    assert found.value == pytest.approx(20.0, abs=1e-3) and found.extra["minimum"] == pytest.approx(20.0, abs=1e-3)
    assert found.extra["controls"] == pytest.approx(50.0, abs=1e-3)
    assert found.extra["above_controls"] == pytest.approx(-30.0, abs=1e-3)


def test_a_copy_is_at_distance_0() -> None:
    assert score(METRIC, data(0.0)).value == 0.0


def test_other_encoders_are_not_for_this() -> None:
    other = replace(data(1.0), generated=side(np.zeros((3, 10))))
    assert "grey64" in (METRIC.measure(other).reason or "")


def test_remembered_bug_the_published_distance_wraps() -> None:
    """3 - 5 is 254 in 8 bit, so a slightly darker copy is 254 away, and strangers come out near 147."""
    one = np.full((4, 4), 3, np.uint8)
    assert wrapped_distance(one, one + np.uint8(2)) == 254.0
    assert wrapped_distance(one + np.uint8(2), one) == 2.0
    noise, other = (RNG.integers(0, 256, (512, 512)).astype(np.uint8) for _ in range(2))
    assert wrapped_distance(noise, other) == pytest.approx(147.8, abs=1.0)
    near = np.clip(noise + RNG.normal(0, 10, noise.shape), 0, 255).astype(np.uint8)
    assert wrapped_distance(noise, near) > 150, "a near copy looks farther away than a stranger"


def test_remembered_bug_the_published_loop_compares_the_last_draw() -> None:
    real = RNG.integers(50, 200, (2, 512, 512)).astype(np.uint8)
    drawn = np.stack([np.stack([each + np.uint8(40), each + np.uint8(9), each]) for each in real])
    drawn[:, 2] -= np.uint8(7)
    probes = asked(np.zeros((2, 3, 1)), np.zeros((2, 1)), images=(drawn, real))
    found = score(PUBLISHED, replace(data(0.0), probes=probes))
    assert found.value == 7.0 and found.low is None
    assert any("last" in quirk for quirk in PUBLISHED.quirks)


def test_images_are_brought_to_512_px_as_published() -> None:
    image = RNG.integers(0, 256, (300, 200)).astype(np.uint8)
    np.testing.assert_array_equal(squashed(image), np.asarray(PIL.Image.fromarray(image).resize((512, 512))))
    assert "pixels" in (PUBLISHED.measure(data(0.0)).reason or "")
